"""Create a new project from a template."""

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
_SUFFIX = ".txt"  # so that tools do not take templates for files of this project
_DRIVER = "kernel_src/main.py"
_MAKE_MINI = "tests/make_mini.py"


def start(folder: Path, template: str, *, kind: str, image: str) -> list[str]:
    """Create a project that can be built, tested and rehearsed at once. Return its files' paths in ``folder``.

    Parameters
    ----------
    folder : Path
        A new or empty folder, or one that an interrupted start left.
    template : str
        Name of a folder in `TEMPLATES`.
    kind : str
        ``rerun``, ``once`` or ``output``, as in the configuration.
    image : str
        Name of the Kaggle image to rehearse for.

    Raises
    ------
    UnwritableOutput
        If one of the files exists with another content. Nothing is written then.
    InvalidInput
        If the mini input folder could not be made. The project itself is complete then.
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
    """Write a project's files. A new folder appears with all files at once; an existing one keeps its other files.

    Raises
    ------
    UnwritableOutput
        If one of the files exists with another content, before anything is written, or if writing fails.
    """
    atomic_files.sweep(folder.absolute().parent)  # a start that was killed after its rename left its scratch folder
    if folder.exists():
        # Files with the same content are accepted, because an interrupted start may have left them.
        differing = [
            path
            for path, data in contents.items()
            if (file := folder / path).exists() and not (file.is_file() and file.read_bytes() == data)
        ]
        if differing:
            raise UnwritableOutput(f"{folder}: {', '.join(differing)} there already; name an empty or a new folder")
        atomic_files.replace_all({folder / path: data for path, data in contents.items()})
        return
    with atomic_files.report_errors(folder), atomic_files.scratch_folder(folder.absolute().parent) as scratch:
        project = scratch / "project"
        atomic_files.replace_all({project / path: data for path, data in contents.items()})
        project.rename(folder)


def missing_requirements(folder: Path) -> list[str]:
    """Return the distributions in a project's requirements.txt that are not installed for this Python."""
    file = folder / "requirements.txt"
    names = file.read_text("utf-8").split() if file.exists() else []
    return [name for name in names if not list(importlib.metadata.distributions(name=name))]


def render(template: str, values: Mapping[str, str]) -> dict[str, str]:
    """Return path -> text of a template's files, with each ``@name@`` replaced by its value."""
    source = TEMPLATES / template
    files = {path.relative_to(source).as_posix().removesuffix(_SUFFIX): path for path in source.rglob(f"*{_SUFFIX}")}
    return {path: _fill(file.read_text("utf-8"), values) for path, file in sorted(files.items())}


def _fill(text: str, values: Mapping[str, str]) -> str:
    for placeholder, value in values.items():
        text = text.replace(f"@{placeholder}@", value)
    return text


def slug(name: str) -> str:
    """Return a slug made from ``name`` that Kaggle accepts: 5 to 50 letters, digits and hyphens."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "my"
    return plain[:50].strip("-") if len(plain) >= 5 else f"{plain}-kernel"


def _make_mini(folder: Path) -> None:
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}  # leave no __pycache__ in the new project
    done = subprocess.run(
        [sys.executable, "-P", _MAKE_MINI], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        reason = done.stderr.strip().rpartition("\n")[2]
        raise InvalidInput(
            f"{folder}: the project is written, but `python {_MAKE_MINI}` failed: {reason}; "
            "install what it needs and run it there"
        )
