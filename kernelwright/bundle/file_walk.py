"""Find the files to carry in a folder. Symbolic links are followed as long as their target is inside the root."""

import re
from collections.abc import Sequence
from pathlib import Path

from kernelwright.errors import Problem

# Hidden files are caches, tool settings, and temporary files that a killed process left beside its target.
_LEFT_OUT = re.compile(r"__pycache__|\..*|.*\.py[co]", re.DOTALL)
_WILDCARDS = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def is_left_out(name: str) -> bool:
    """Return True if files and folders of this name are never carried: hidden ones and compiled Python."""
    return _LEFT_OUT.fullmatch(name) is not None


def matcher(globs: Sequence[str]) -> re.Pattern[str]:
    """Return a pattern whose `fullmatch` accepts the paths that match one of the globs; without globs, no path."""
    split = (re.split(r"(\*\*/|\*\*|\*|\?)", glob.strip("/")) for glob in globs)
    patterns = ["".join(_WILDCARDS.get(part, re.escape(part)) for part in parts) for parts in split]
    return re.compile("|".join(patterns) or r"(?!)", re.DOTALL)


def walk(
    path: Path, name: str, root: Path, excluded: re.Pattern[str] | None = None
) -> tuple[list[tuple[str, bytes]], list[Problem]]:
    """Read the file ``path``, or all files below the folder ``path``.

    Parameters
    ----------
    path : Path
        The file or folder to read.
    name : str
        Its path in the source tree.
    root : Path
        A symbolic link is followed only if its target is inside this folder.
    excluded : re.Pattern, optional
        Matches the paths, relative to ``root``, that are left out.

    Returns
    -------
    tuple
        Path in the source tree and bytes of each file, and a problem for each one that cannot be carried.
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
            # Reversed, because `waiting` is a stack: the files come out in ascending order.
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
    """Return the problem that keeps ``path`` from being carried, if any.

    It is found without opening the file, because opening a pipe would block forever.
    """
    if not place.isprintable():  # surrogates, which stand for bytes that are not UTF-8, are not printable either
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
    if link.parent.resolve().is_relative_to(target):  # following it would never end
        return "a folder it lies in"
    return "" if target.is_relative_to(root) else "outside the project"
