"""A new project, from a template."""

import importlib.metadata
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

from kernelwright.errors import InvalidInput, UnwritableOutput
from kernelwright.support import atomic_files

TEMPLATES = Path(__file__).with_name("templates")
_SUFFIX = ".txt"  # so that no tool takes a template for this project's own file
_DRIVER = "kernel_src/main.py"
_MAKE_MINI = "tests/make_mini.py"


def start(folder: Path, template: str, *, kind: str, image: str) -> list[str]:
    """Write a project that builds, tests and rehearses at once; return the paths of its files in ``folder``.

    Parameters
    ----------
    folder : Path
        A new one, an empty one, or one that an interrupted start left.
    template : str
        A folder of `TEMPLATES`.
    kind : str
        ``rerun``, ``once`` or ``output``, as in the configuration.
    image : str
        The image of Kaggle that a rehearsal is like.

    Raises
    ------
    UnwritableOutput
        One of its files exists with another content: nothing is then written.
    InvalidInput
        The mini input folder could not be made; the project itself is complete.
    """
    name = slug(folder.resolve().name)
    kind_values = tomllib.loads((TEMPLATES / "kinds.toml").read_text("utf-8"))[kind]
    values = {**kind_values, "slug": name, "title": name.replace("-", " ").capitalize(), "image": image}
    texts = render(template, values)
    if kind == "output":
        texts[_DRIVER] = _fill((TEMPLATES / f"output.py{_SUFFIX}").read_text("utf-8"), values)
    contents = {path: text.encode() for path, text in sorted(texts.items())}
    write(folder, contents)
    _make_mini(folder)
    return list(contents)


def write(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Write a project's files. A new folder appears with all of them; one that is there keeps what it has.

    Raises
    ------
    UnwritableOutput
        One of the files exists with another content, and nothing is written; or the folder cannot be written to.
    """
    if folder.exists():
        # The same content is no hindrance: an interrupted start may have left it.
        differing = [
            path
            for path, data in contents.items()
            if (file := folder / path).exists() and not (file.is_file() and file.read_bytes() == data)
        ]
        if differing:
            raise UnwritableOutput(f"{folder}: {', '.join(differing)} there already; name an empty or a new folder")
        atomic_files.replace_all({folder / path: data for path, data in contents.items()})
        return
    with atomic_files.scratch_folder(folder.absolute().parent) as scratch, atomic_files.report_errors(folder):
        project = scratch / "project"
        atomic_files.replace_all({project / path: data for path, data in contents.items()})
        project.rename(folder)


def missing_requirements(folder: Path) -> list[str]:
    """Return the names in a project's requirements.txt that this Python does not have."""
    file = folder / "requirements.txt"
    names = file.read_text("utf-8").split() if file.exists() else []
    return [name for name in names if not list(importlib.metadata.distributions(name=name))]


def render(template: str, values: Mapping[str, str]) -> dict[str, str]:
    """Return path -> text of a template's files, each ``@name@`` in them filled in."""
    source = TEMPLATES / template
    files = {path.relative_to(source).as_posix().removesuffix(_SUFFIX): path for path in source.rglob(f"*{_SUFFIX}")}
    return {path: _fill(file.read_text("utf-8"), values) for path, file in sorted(files.items())}


def _fill(text: str, values: Mapping[str, str]) -> str:
    for placeholder, value in values.items():
        text = text.replace(f"@{placeholder}@", value)
    return text


def slug(name: str) -> str:
    """Make a slug that Kaggle takes: 5 to 50 letters, digits and hyphens."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "my"
    return plain[:50].strip("-") if len(plain) >= 5 else f"{plain}-kernel"


def _make_mini(folder: Path) -> None:
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-P", _MAKE_MINI], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        reason = done.stderr.strip().rpartition("\n")[2]
        raise InvalidInput(
            f"{folder}: the project is written, but `python {_MAKE_MINI}` failed: {reason}; "
            "install what it needs and run it there"
        )
