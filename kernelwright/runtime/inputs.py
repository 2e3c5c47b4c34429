"""Where the attached competitions, datasets, notebooks and models are mounted.

Kaggle mounts a source in one of two layouts: ``/kaggle/input/<slug>``, or
``/kaggle/input/datasets/<owner>/<slug>`` and the like. Off Kaggle, ``$KERNELWRIGHT_INPUT`` names a folder
with one folder per source, named by its slug, or placed as in the second layout where two share a slug.
"""

import glob
import os
from pathlib import Path

from kernelwright.runtime.errors import InputNotFound

ROOT = Path("/kaggle/input")
KINDS = {"competitions": "*", "datasets": "*/*", "notebooks": "*/*", "models": "*/*/*/*/*"}
SHOWN = 6  # files of a source that an error names


def find(slug: str) -> Path:
    """Return the folder of an attached source.

    ``slug`` is what Kaggle calls the source, with ``owner/`` before it or not; for a model, also
    ``model/framework/variation`` or ``owner/model/framework/variation/version``. ``datasets/`` and the like before it
    tell kinds apart. Where a model's version
    is not named, the highest is taken. A slug that is not mounted, or fits several sources, raises
    `InputNotFound`.
    """
    root, is_flat = _root()
    for places in _places(slug, is_flat=is_flat):
        patterns = (f"{glob.escape(str(root))}/{place}" for place in places)
        paths = (Path(path) for pattern in patterns for path in glob.glob(pattern))  # noqa: PTH207 - escaped
        folders = _newest([path for path in paths if path.is_dir()])
        if len(folders) > 1:
            parts = [path.relative_to(root).parts for path in folders]
            start = 0 if len({kind for kind, *_ in parts}) > 1 else 1  # a dataset and a notebook may have one name
            names = ", ".join("/".join(names[start:]) for names in parts)
            raise InputNotFound(f"input {slug!r} fits several sources: {names}; ask for one of these")
        if folders:
            return folders[0]
    raise InputNotFound(_missing(slug))


def mounted() -> list[str]:
    """Return the slugs of all that is mounted, as `find` takes them."""
    return sorted(_sources())


def _root() -> tuple[Path, bool]:
    named = os.environ.get("KERNELWRIGHT_INPUT")
    return (Path(named), True) if named else (ROOT, False)


def _places(slug: str, *, is_flat: bool) -> list[list[str]]:
    """Return where a source may be, as glob patterns, the likelier first; of those in one list, one fits."""
    parts = glob.escape(slug).split("/")
    match parts if all(parts) else []:
        case [kind, _, *_] if kind in KINDS:
            places = [["/".join(parts)]]
        case [slug]:
            places = [
                [f"competitions/{slug}"],
                [slug],
                [f"datasets/*/{slug}", f"notebooks/*/{slug}", f"models/*/{slug}/*/*/*"],
            ]
        case [owner, slug]:
            owned = [f"datasets/{owner}/{slug}", f"notebooks/{owner}/{slug}", f"models/{owner}/{slug}/*/*/*"]
            places = [owned, [slug]]
        case [model, framework, variation]:
            places = [[f"models/*/{model}/{framework}/{variation}/*"], [f"{model}/{framework}/{variation}/*"]]
        case [_, model, framework, variation, version]:
            places = [["models/" + "/".join(parts)], [f"{model}/{framework}/{variation}/{version}"]]
        case _:
            places = []
    if is_flat and all(parts):
        places.append([parts[1] if len(parts) in {2, 5} else parts[0]])
    return places


def _newest(folders: list[Path]) -> list[Path]:
    """Keep the highest of several versions of a model, told by folders whose names are numbers."""
    newest: dict[Path, Path] = {}
    for path in sorted(folders, key=lambda path: int(path.name) if path.name.isdecimal() else -1):
        newest[path.parent if path.name.isdecimal() else path] = path
    return sorted(newest.values())


def _sources() -> dict[str, Path]:
    root, _ = _root()
    plain = {path.name: path for path in root.glob("*") if path.is_dir()}
    kinds = {kind: plain.pop(kind) for kind in KINDS if kind in plain}
    owned = ((path.relative_to(top).as_posix(), path) for kind, top in kinds.items() for path in top.glob(KINDS[kind]))
    return plain | {slug: path for slug, path in owned if path.is_dir()}


def _missing(slug: str) -> str:
    lines = []
    for source, path in sorted(_sources().items()):
        names = sorted(os.listdir(path))  # noqa: PTH208 - names are all that is shown
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        lines.append(f"  {source}: {', '.join(names[:SHOWN])}{more}")
    tree = "\n".join(lines) or "  nothing"
    return (
        f"input {slug!r} is not mounted; under {_root()[0]} there is\n{tree}\n"
        "attach it in kernel-metadata.json, or set KERNELWRIGHT_INPUT to the folder that holds it by its slug"
    )
