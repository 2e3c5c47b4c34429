"""A new project, from a template."""

import os
import re
import subprocess
import sys
from pathlib import Path

from kernelwright.errors import InvalidInput, UnwritableOutput
from kernelwright.support import atomic_files

TEMPLATES = Path(__file__).with_name("templates")
_SUFFIX = ".txt"  # so that no tool takes a template for this project's own file
_MAKE_MINI = "tests/make_mini.py"


def start(folder: Path, template: str) -> list[str]:
    """Write a project that builds, tests and rehearses at once; return the paths of its files in ``folder``.

    Raises
    ------
    UnwritableOutput
        One of its files is there already: nothing is then written.
    InvalidInput
        The mini input folder could not be made; the project itself is there.
    """
    home = TEMPLATES / template
    paths = sorted(path.relative_to(home).as_posix() for path in home.rglob(f"*{_SUFFIX}"))
    written = {path.removesuffix(_SUFFIX): _filled(home / path, folder) for path in paths}
    if there := [path for path in written if (folder / path).exists()]:
        raise UnwritableOutput(f"{folder}: {', '.join(there)} there already; name an empty or a new folder")
    atomic_files.replace_all({folder / path: data for path, data in written.items()})
    _make_mini(folder)
    return list(written)


def _filled(file: Path, folder: Path) -> bytes:
    slug = _slug(folder.resolve().name)
    title = slug.replace("-", " ").capitalize()
    return file.read_text("utf-8").replace("@slug@", slug).replace("@title@", title).encode()


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
