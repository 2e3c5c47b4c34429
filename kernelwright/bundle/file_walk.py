"""The files below a folder, links included as long as they stay inside."""

import re
from collections.abc import Sequence
from pathlib import Path

from kernelwright.errors import Problem

# Hidden files are caches, settings of tools, and what a killed process left beside the file it was writing.
_LEFT_OUT = re.compile(r"__pycache__|\..*|.*\.py[co]", re.DOTALL)
_WILDCARDS = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def is_left_out(name: str) -> bool:
    """Return whether a file or folder of this name is never carried: hidden, or compiled."""
    return _LEFT_OUT.fullmatch(name) is not None


def matcher(globs: Sequence[str]) -> re.Pattern[str]:
    """Return the pattern that matches in full the paths that one of the globs names; none where there is no glob."""
    split = (re.split(r"(\*\*/|\*\*|\*|\?)", glob.strip("/")) for glob in globs)
    patterns = ["".join(_WILDCARDS.get(part, re.escape(part)) for part in parts) for parts in split]
    return re.compile("|".join(patterns) or r"(?!)", re.DOTALL)


def walk(
    path: Path, name: str, root: Path, excluded: re.Pattern[str] | None = None
) -> tuple[list[tuple[str, bytes]], list[Problem]]:
    """Return where each file at or below ``path`` lands in the tree, with its bytes, and what cannot be carried.

    Parameters
    ----------
    path, name : Path, str
        Where they lie, and where they land.
    root : Path
        A link is followed while it stays inside.
    excluded : re.Pattern, optional
        Of the paths, relative to ``root``, that are left out.
    """
    files: list[tuple[str, bytes]] = []
    problems: list[Problem] = []
    waiting = [(path, name)]
    while waiting:
        path, name = waiting.pop()
        place = path.relative_to(root).as_posix()
        if excluded and excluded.fullmatch(place):
            continue
        if problem := _obstacle(path, root, place):
            problems.append(problem)
        elif path.is_dir():
            names = sorted((entry.name for entry in path.iterdir()), reverse=True)
            waiting += [(path / entry, f"{name}/{entry}") for entry in names if not is_left_out(entry)]
        else:
            try:
                files.append((name, path.read_bytes()))
            except OSError as error:
                message = f"cannot be read: {error.strerror}"
                problems.append(Problem(code="KW218", file=place, message=message, fix="make it readable"))
    return files, problems


def _obstacle(path: Path, root: Path, place: str) -> Problem | None:
    """Return what keeps ``path`` out of the tree, before it is opened: opening a pipe would wait for ever."""
    if not place.isprintable():  # neither are the surrogates that stand for what is not UTF-8
        message = "a name that is not UTF-8, or not printable"
        return Problem(code="KW216", file=repr(place), message=message, fix="rename it")
    if path.is_symlink() and (fault := _link_fault(path, root)):
        message, fix = f"a link to {path.readlink()}, {fault}", "replace the link by what it points at"
        return Problem(code="KW215", file=place, message=message, fix=fix)
    if not path.is_dir() and not path.is_file():
        message, fix = "neither a file nor a folder", "move it out of the sources"
        return Problem(code="KW217", file=place, message=message, fix=fix)
    return None


def _link_fault(link: Path, root: Path) -> str:
    try:
        target = link.resolve(strict=True)
    except (OSError, RuntimeError):
        return "which is missing or leads back to itself"
    if link.parent.resolve().is_relative_to(target):
        return "a folder it lies in"
    return "" if target.is_relative_to(root) else "outside the project"
