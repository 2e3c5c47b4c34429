"""A new project, from a template."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from kernelwright.errors import InvalidInput, UnwritableOutput
from kernelwright.support import atomic_files

TEMPLATES = Path(__file__).with_name("templates")
_SUFFIX = ".txt"  # so that no tool takes a template for this project's own file
_DRIVER = "kernel_src/main.py"
_MAKE_MINI = "tests/make_mini.py"

_SCORE = 'score = "solution.metric:score"\n'
_PUBLIC = """
# How the public data is told from the hidden one: put the real number of rows here.
[tool.kernelwright.public]
"my-competition/train.csv" = { rows = 1000 }
"""
_TODO = "To do: put your Kaggle name in for OWNER (`kernelwright configure --owner NAME`) and the "
_FILES = "(kernel-metadata.json,\npyproject.toml, kernel_src/main.py, tests/make_mini.py)"
_COMPETITION = {"@source@": "my-competition", "@competitions@": '"my-competition"', "@datasets@": ""}
KINDS: Mapping[str, Mapping[str, str]] = {
    "rerun": {
        **_COMPETITION,
        "@kind@": _SCORE,
        "@public@": _PUBLIC,
        "@queries@": "# When the notebook is saved, a few queries run for real and the sample stays; in the hidden "
        "rerun, all do.\n",
        "@todo@": f"{_TODO}competition's slug for my-competition {_FILES},\nand the public number of rows into "
        "pyproject.toml.\n",
    },
    "once": {
        **_COMPETITION,
        "@kind@": f'kind = "once" # a competition without a hidden rerun\n{_SCORE}',
        "@public@": "",
        "@queries@": "",
        "@todo@": f"{_TODO}competition's slug for my-competition {_FILES}.\n",
    },
    "output": {
        "@source@": "my-data",
        "@competitions@": "",
        "@datasets@": '"OWNER/my-data"',
        "@kind@": 'kind = "output" # of no competition: what it leaves is the result\n',
        "@public@": "",
        "@todo@": f"{_TODO}slug of your dataset for my-data {_FILES}.\n",
    },
}
"""What the templates say of each kind of kernel: of a competition with a hidden rerun, without one, of none."""


def start(folder: Path, template: str, *, kind: str, image: str) -> list[str]:
    """Write a project that builds, tests and rehearses at once; return the paths of its files in ``folder``.

    Parameters
    ----------
    folder : Path
        A new one, an empty one, or one that an interrupted start left.
    template : str
        A folder of `TEMPLATES`.
    kind : str
        One of `KINDS`.
    image : str
        The image of Kaggle that a rehearsal is like.

    Raises
    ------
    UnwritableOutput
        One of its files exists with another content: nothing is then written.
    InvalidInput
        The mini input folder could not be made; the project itself is complete.
    """
    slug = _slug(folder.resolve().name)
    values = {**KINDS[kind], "@slug@": slug, "@title@": slug.replace("-", " ").capitalize(), "@image@": image}
    source = TEMPLATES / template
    files = {path.relative_to(source).as_posix().removesuffix(_SUFFIX): path for path in source.rglob(f"*{_SUFFIX}")}
    if kind == "output":
        files[_DRIVER] = TEMPLATES / f"output.py{_SUFFIX}"
    contents = {path: _fill(file.read_text("utf-8"), values).encode() for path, file in sorted(files.items())}
    if foreign := [path for path, data in contents.items() if _differs(folder / path, data)]:
        raise UnwritableOutput(f"{folder}: {', '.join(foreign)} there already; name an empty or a new folder")
    atomic_files.replace_all({folder / path: data for path, data in contents.items()})
    _make_mini(folder)
    return list(contents)


def _fill(text: str, values: Mapping[str, str]) -> str:
    for placeholder, value in values.items():
        text = text.replace(placeholder, value)
    return text


def _differs(file: Path, data: bytes) -> bool:
    """Return whether something else is in a file's place; what an interrupted start wrote is no hindrance."""
    return file.exists() and (not file.is_file() or file.read_bytes() != data)


def _slug(name: str) -> str:
    """Make a slug that Kaggle takes: 5 to 50 letters, digits and hyphens."""
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "my"
    return slug[:50].strip("-") if len(slug) >= 5 else f"{slug}-kernel"


def _make_mini(folder: Path) -> None:
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, _MAKE_MINI], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        reason = done.stderr.strip().rpartition("\n")[2]
        raise InvalidInput(
            f"{folder}: the project is written, but `python {_MAKE_MINI}` failed: {reason}; "
            "install what it needs and run it there"
        )
