"""The files below a folder, links included as long as they stay inside."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kernelwright.support.atomic_files import PARTIAL

_LEFT_OUT = re.compile(
    r"__pycache__|\.ipynb_checkpoints|\.git|\.(mypy|pytest|ruff)_cache|\.DS_Store|.*\.py[co]"
    rf"|.*{re.escape(PARTIAL)}"
)


@dataclass(frozen=True, kw_only=True)
class Found:
    """A file, where it lands in the tree, and what brings it."""

    path: str
    data: bytes
    origin: str


def is_left_out(name: str) -> bool:
    """Return whether a file or folder of this name is never carried: a cache, or a file that is being written."""
    return _LEFT_OUT.fullmatch(name) is not None


def walk(path: Path, name: str, origin: str, root: Path, problems: list[str]) -> Iterator[Found]:
    """Yield the files at or below ``path`` under ``name``; a link is followed while it stays inside ``root``."""
    if is_left_out(path.name):
        return
    if trouble := _trouble(path, root):
        problems.append(trouble)
    elif path.is_dir():
        for entry in sorted(entry.name for entry in path.iterdir()):
            yield from walk(path / entry, f"{name}/{entry}", origin, root, problems)
    else:
        try:
            yield Found(path=name, data=path.read_bytes(), origin=origin)
        except OSError as error:
            problems.append(f"{path.relative_to(root)}: cannot be read: {error.strerror}")


def _trouble(path: Path, root: Path) -> str:
    """Say what keeps ``path`` out of the tree, before it is opened."""
    place = path.relative_to(root)
    if not str(place).isprintable() or _is_odd(path.name):
        return f"{str(place)!r}: a name that is not UTF-8, or not printable; rename it"
    if path.is_symlink() and (trouble := _link_trouble(path, root)):
        return f"{place}: {trouble}; replace the link by what it points at"
    if not path.is_symlink() and not path.is_dir() and not path.is_file():
        return f"{place}: neither a file nor a folder; move it out of the sources"
    return ""


def _is_odd(name: str) -> bool:
    return any("\ud800" <= letter <= "\udfff" for letter in name)


def _link_trouble(path: Path, root: Path) -> str:
    try:
        target = path.resolve(strict=True)
    except (OSError, RuntimeError):
        return f"a link to {path.readlink()}, which is missing or leads back to itself"
    if path.parent.resolve().is_relative_to(target):
        return f"a link to {path.readlink()}, a folder it lies in"
    return "" if target.is_relative_to(root) else f"a link to {path.readlink()}, outside the project"
