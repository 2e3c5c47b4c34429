"""Find the Python interpreters of this machine. None is ever downloaded."""

import os
import subprocess
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path


def running() -> str:
    """Return the major and minor version of the running Python, as in ``3.12``."""
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def on_path(version: str) -> Path | None:
    """Return the running Python if it has that version, otherwise the first working ``pythonX.Y`` on PATH, or None."""
    if version == running():
        return Path(sys.executable)
    folders = os.environ.get("PATH", "").split(os.pathsep)
    return _first(folders, version)


def anywhere(version: str) -> Path | None:
    """Return a Python of that version from PATH, otherwise one that pyenv or uv installed; None if there is none."""
    home = Path.home()
    roots = [Path(os.environ.get("PYENV_ROOT", home / ".pyenv")) / "versions", home / ".local/share/uv/python"]
    installed = (str(folder) for root in roots if root.is_dir() for folder in sorted(root.glob("*/bin"), reverse=True))
    return on_path(version) or _first(installed, version)


def _first(folders: Iterable[str], version: str) -> Path | None:
    places = (Path(folder, f"python{version}") for folder in folders)
    return next((place for place in places if place.is_file() and _is(place, version)), None)


@cache
def _is(place: Path, version: str) -> bool:
    """Return True if the interpreter runs, can make environments, and has that version."""
    # It is run, because a shim may be on PATH for a Python that is not.
    question = "import sys, ensurepip, venv; print('%d.%d' % sys.version_info[:2])"
    try:
        done = subprocess.run([place, "-I", "-c", question], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and done.stdout.strip() == version
