"""Adopt an existing repository as a project: determine the files to add. Its modules are not changed."""

import ast
import json
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from kernelwright.adopt import attachments, original
from kernelwright.adopt.convert import wheels_keys
from kernelwright.adopt.original import Original
from kernelwright.bundle import imports, reserved_names
from kernelwright.bundle.cells import Cell
from kernelwright.errors import InvalidProject, Problem
from kernelwright.image import import_names, kaggle_image
from kernelwright.project import metadata, model, scaffold
from kernelwright.project.model import METADATA, PYPROJECT
from kernelwright.pull import percent_script
from kernelwright.support import ipython_syntax

DRIVER = "kaggle/main.py"
MOST_FILES = 20_000
# Larger data files in the sources are excluded.
_LARGEST_CARRIED_BYTES = 200_000
_SKIPPED = {"build", "dist", "docs", "node_modules", "test", "tests", "venv", "env", "site-packages", "__pycache__"}
_GUARD = re.compile(r"^if __name__ *== *['\"]__main__['\"]", re.MULTILINE)
_CELL = re.compile(r"^# %%", re.MULTILINE)
_TOOLS = {"setup.py", "conftest.py", "noxfile.py", "tasks.py"}
# Words in a file's name that suggest that it is the one to run on Kaggle, with their weights.
_SCORES = {"infer": 4, "inference": 4, "predict": 4, "submit": 4, "submission": 4, "main": 3, "kaggle": 3, "run": 2}


@dataclass(frozen=True, kw_only=True)
class Adoption:
    """The files to write, by their path in the repository, and the lines of the report."""

    files: Mapping[str, bytes]
    report: Sequence[str]


def adopt(root: Path) -> Adoption:
    """Determine the files that make a kernel of the repository. Existing files are left as they are.

    Raises
    ------
    InvalidProject
        pyproject.toml cannot be read, or the repository has nothing to start from.
    InvalidNotebook
        The notebook to start from cannot be converted.
    """
    files = dict(_walk(root))
    has_pyproject, has_metadata = (root / PYPROJECT).is_file(), (root / METADATA).is_file()
    if has_pyproject and "kernelwright" in model.read_tools(root):
        return Adoption(files={}, report=[f"{PYPROJECT} has a [tool.kernelwright] table: nothing is changed"])
    scores = {path: score for path, text in files.items() if (score := _score(path, text)) > 0}
    entry, *others = sorted(scores, key=lambda path: (-scores[path], path)) or [""]
    cells = original.read(str(root / entry)).cells if entry.endswith(".ipynb") else ()
    sources, code = _sources(files, entry, cells) if entry else (_packages(files), {})
    slug = scaffold.slug(root.name)
    raw = metadata.read_raw(root, METADATA) if has_metadata else {}
    kernel = Original(name=entry, cells=(), kaggle=raw)
    new_metadata, undecided = attachments.metadata(slug, kernel, [*code.values()])
    unknown = _unknown(code, sources)
    is_path_changed = any("sys.path" in text for text in code.values())
    # With a changed sys.path, an unknown module may be found there: only the report names it.
    lacking = [] if is_path_changed else unknown
    driver, text = _driver(root, files, entry, cells, sources)
    is_submitting = new_metadata["competition_sources"] and any("submission" in text for text in code.values())
    table = (
        "# What the notebook is made of; docs/configuration.md of Kernelwright explains every key.\n"
        f"[tool.kernelwright]\ndriver = {json.dumps(driver)}\nsources = {json.dumps(sources)}\n"
        f"exclude = {json.dumps(['**/*.ipynb', *_large(root, sources)])}\n"
        + (wheels_keys(slug) if lacking else "")
        + ("" if is_submitting else 'kind = "output" # of no competition yet; take this line out once it submits\n')
        + f'images = ["{kaggle_image.DEFAULT}"] # the image of Kaggle that a rehearsal is like\n'
    )
    written = (root / PYPROJECT).read_text("utf-8").rstrip() if has_pyproject else ""
    ignored = (root / ".gitignore").read_text("utf-8", "replace") if (root / ".gitignore").is_file() else "build"
    new = {
        METADATA: json.dumps(new_metadata, indent=2, ensure_ascii=False) + "\n",
        ".gitignore": "build/\n__pycache__/\n",
        **({driver: text} if text else {}),
        **({"wheels/requirements.in": "".join(f"{name}\n" for name in lacking)} if lacking else {}),
    }
    fresh = {path: text for path, text in new.items() if not (root / path).exists()}
    fresh[PYPROJECT] = f"{written}\n\n{table}".lstrip()  # last: with its table, the repository counts as adopted
    close = [path for path in others if scores[path] >= scores[entry] - 2][:3]
    also = f"; it might also be {', '.join(close)}" if close else ""
    report = [
        f"{entry}: what is run{also}" if entry else f"nothing says what is run: write it into {DRIVER}",
        *(f"{source}: carried" for source in sources),
        *(f"{name}: in wheels/requirements.in, as Kaggle's image lacks it" for name in lacking),
    ]
    if is_path_changed:
        why = "imported; sys.path is changed, and only the run shows what it finds there"
        report += [f"{name}: {why}" for name in unknown]
    report += undecided
    if "build" not in ignored:
        report.append("build/: what is built goes there; it belongs in .gitignore")
    return Adoption(files={path: text.encode() for path, text in fresh.items()}, report=report)


def _walk(root: Path) -> Iterator[tuple[str, str]]:
    """Yield path and text of the repository's Python files and notebooks, but not hidden or installed ones."""
    count = 0
    for folder, names, files in os.walk(root):
        # In place: os.walk visits the folders that are left in the list.
        names[:] = sorted(name for name in names if not name.startswith(".") and name not in _SKIPPED)
        for path in (Path(folder, name) for name in sorted(files)):
            is_code = path.suffix in {".py", ".ipynb"} and not path.is_symlink()
            if is_code and path.stat().st_size <= original.LARGEST_BYTES:
                count += 1
                if count > MOST_FILES:
                    return
                yield path.relative_to(root).as_posix(), path.read_text("utf-8", "replace")


def _packages(files: Mapping[str, str]) -> list[str]:
    """Return the packages and modules at the top of the repository or in ``src``.

    Raises `InvalidProject` if there are none.
    """
    tops = {_top(files, path) for path in files if path.endswith(".py")}
    packages = sorted(top for top in tops if top.removeprefix("src/").count("/") == 0 and top not in _TOOLS)
    if not packages:
        message, fix = "no script with a __main__ guard, no notebook that submits, no package", "write one first"
        raise InvalidProject([Problem(code="KW201", file="", message=message, fix=fix)])
    return packages


def _score(path: str, text: str) -> int:
    """Return how likely it is that a script or notebook is the one to run on Kaggle; 0 or less if it is not."""
    words = set(re.findall(r"[a-z]+", PurePosixPath(path).stem.lower()))
    named = sum(_SCORES.get(word, 0) for word in words)
    is_notebook = path.endswith(".ipynb")
    if path in _TOOLS or not (_GUARD.search(text) or _CELL.search(text) or is_notebook):
        return 0
    mentions = 2 * ("submission" in text) + 2 * ("/kaggle/input" in text)
    return named + mentions - path.count("/") if named or mentions else 0


def _sources(files: Mapping[str, str], entry: str, cells: Sequence[Cell]) -> tuple[list[str], dict[str, str]]:
    """Return the packages and modules to carry, and the code that the entry point reaches, by path."""
    places: set[str] = set()
    reached: dict[str, str] = {}
    waiting = [entry]
    while waiting:
        path = waiting.pop()
        if path in reached:
            continue
        is_notebook = path == entry and cells
        reached[path] = "\n".join(c.source for c in cells if c.kind == "code") if is_notebook else files[path]
        tree = ipython_syntax.syntax_tree(reached[path])
        read = {_place(files, path, name.partition(".")[0]) for name in imports.names(tree)}
        if path.endswith(".py") and imports.is_relative(tree):
            read.add(_top(files, path))
        places |= read - {""}
        waiting += [file for place in sorted(read - {""}) for file in _modules(files, place)]
    if entry.endswith(".py") and not _CELL.search(files[entry]):
        places.add(_top(files, entry))
    inner = {place for place in places if any(place.startswith(f"{other}/") for other in places)}
    return sorted(places - inner), reached


def _place(files: Mapping[str, str], importer: str, name: str) -> str:
    """Return the package or module that an import finds: beside the importer, in the root or in ``src``."""
    for folder in (PurePosixPath(importer).parent, PurePosixPath(), PurePosixPath("src")):
        base = str(folder / name)
        for module in (f"{base}/__init__.py", f"{base}.py"):  # a package comes first
            if module in files:
                return _top(files, module)
        if _modules(files, base):  # a package without __init__.py
            return base
    return ""


def _modules(files: Mapping[str, str], place: str) -> list[str]:
    """Return the modules at a place: the file itself, or those in the folder."""
    return [path for path in files if path == place or (path.startswith(f"{place}/") and path.endswith(".py"))]


def _top(files: Mapping[str, str], path: str) -> str:
    """Return the outermost package that contains a file, or the file itself."""
    top, folder = path, PurePosixPath(path).parent
    while f"{folder}/__init__.py" in files:
        top, folder = str(folder), folder.parent
    return top


def _unknown(code: Mapping[str, str], sources: Sequence[str]) -> list[str]:
    """Return the distributions that the code certainly needs and neither Kaggle's image nor the repository has."""
    image = kaggle_image.load(kaggle_image.DEFAULT)
    own = {PurePosixPath(source).name.removesuffix(".py") for source in sources}
    names = {name for text in code.values() for name in imports.required(ipython_syntax.syntax_tree(text))}
    foreign = names - own - sys.stdlib_module_names - reserved_names.NAMES
    return sorted({import_names.distributions(name)[0] for name in foreign if not import_names.provided(name, image)})


def _driver(
    root: Path, files: Mapping[str, str], entry: str, cells: Sequence[Cell], sources: Sequence[str]
) -> tuple[str, str]:
    """Return the driver's path and its text; the text is empty if the driver exists already."""
    title = f"# %% [markdown]\n# # {root.name}\n"
    if not entry:
        names = [PurePosixPath(source).name.removesuffix(".py") for source in sources]
        modules = "".join(f"import {name}\n" for name in names if name.isidentifier())
        return DRIVER, f"{title}\n# %%\n{modules}\n# what computes the submission is to be called here\n"
    if cells:
        fresh = [Cell(kind=cell.kind, source=cell.source, metadata=cell.metadata) for cell in cells]
        return DRIVER, percent_script.write(fresh, "")
    text = files[entry]
    if _CELL.search(text):
        return entry, ""
    top = next(source for source in sources if entry == source or entry.startswith(f"{source}/"))
    module = entry.removeprefix(str(PurePosixPath(top).parent) + "/").removesuffix(".py").replace("/", ".")
    match ipython_syntax.syntax_tree(text).body[-1:]:
        # The guard only calls a function without arguments: call it from the driver.
        case [
            ast.If(
                test=ast.Compare(left=ast.Name(id="__name__"), ops=[ast.Eq()]),
                body=[ast.Expr(value=ast.Call(func=ast.Name(id=name), args=[], keywords=[]))],
                orelse=[],
            )
        ]:
            imported, call = f"from {module} import {name}", f"{name}()"
        case _:  # the guard does more than call a function
            imported, call = "import runpy", f'runpy.run_module("{module}", run_name="__main__")'
    return DRIVER, (
        f"{title}#\n# `{entry}` is run as it is from a command line, without arguments.\n\n"
        f"# %%\nimport sys\n\n{imported}\n\n"
        f'sys.argv = ["{PurePosixPath(entry).name}"]  # what follows are its arguments\n{call}\n'
    )


def _large(root: Path, sources: Sequence[str]) -> list[str]:
    """Return the files in the sources, such as data and weights, that are too large to be carried."""
    return [
        path.relative_to(root).as_posix()
        for source in sources
        for path in sorted((root / source).rglob("*"))
        if path.is_file() and path.suffix not in {".py", ".ipynb"} and path.stat().st_size > _LARGEST_CARRIED_BYTES
    ]
