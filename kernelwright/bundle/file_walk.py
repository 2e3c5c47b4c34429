"""The files below a folder, links included as long as they stay inside."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kernelwright.errors import Problem

# Hidden files are caches, settings of tools, and what a killed process left beside the file it was writing.
_LEFT_OUT = re.compile(r"__pycache__|\..*|.*\.py[co]", re.DOTALL)
_WILDCARDS = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def is_left_out(name: str) -> bool:
    """Return whether a file or folder of this name is never carried: hidden, or compiled."""
    return _LEFT_OUT.fullmatch(name) is not None


@dataclass(frozen=True, kw_only=True)
class TreeFile:
    """A file, where it lands in the tree, and the entry of the configuration that brings it."""

    path: str
    data: bytes
    origin: str


def walk(
    path: Path, name: str, origin: str, root: Path, exclude: Sequence[str] = ()
) -> tuple[list[TreeFile], list[Problem]]:
    """Read the files at or below ``path``, to land under ``name``.

    Parameters
    ----------
    path, name, origin : Path, str, str
        Where they lie, where they land, and what brings them.
    root : Path
        A link is followed while it stays inside.
    exclude : sequence of str
        Globs, relative to ``root``, of what is left out.
    """
    excluded = matcher(exclude)
    files: list[TreeFile] = []
    problems: list[Problem] = []
    waiting = [(path, name)]
    while waiting:
        path, name = waiting.pop()
        if excluded.fullmatch(path.relative_to(root).as_posix()):
            continue
        if problem := _problem(path, root):
            problems.append(problem)
        elif path.is_dir():
            names = sorted((entry.name for entry in path.iterdir()), reverse=True)
            waiting += [(path / entry, f"{name}/{entry}") for entry in names if not is_left_out(entry)]
        else:
            try:
                files.append(TreeFile(path=name, data=path.read_bytes(), origin=origin))
            except OSError as error:
                problems.append(_unusable("KW218", path, root, f"cannot be read: {error.strerror}", "make it readable"))
    return files, problems


def matcher(globs: Sequence[str]) -> re.Pattern[str]:
    """Return the pattern that matches in full the paths that one of the globs names; none where there is no glob."""
    return re.compile("|".join(map(_regex, globs)) or r"(?!)", re.DOTALL)


def _regex(glob: str) -> str:
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", glob.strip("/"))
    return "".join(_WILDCARDS.get(part, re.escape(part)) for part in parts)


def _problem(path: Path, root: Path) -> Problem | None:
    """Return what keeps ``path`` out of the tree, before it is opened."""
    shown = str(path.relative_to(root))
    if not shown.isprintable() or any("\ud800" <= letter <= "\udfff" for letter in path.name):
        message = "a name that is not UTF-8, or not printable"
        return Problem(code="KW216", file=repr(shown), message=message, fix="rename it")
    if path.is_symlink():
        return _link_problem(path, root)
    if not path.is_dir() and not path.is_file():
        return _unusable("KW217", path, root, "neither a file nor a folder", "move it out of the sources")
    return None


def _link_problem(path: Path, root: Path) -> Problem | None:
    message = f"a link to {path.readlink()}"
    try:
        target = path.resolve(strict=True)
    except (OSError, RuntimeError):
        message += ", which is missing or leads back to itself"
    else:
        if path.parent.resolve().is_relative_to(target):
            message += ", a folder it lies in"
        elif target.is_relative_to(root):
            return None
        else:
            message += ", outside the project"
    return _unusable("KW215", path, root, message, "replace the link by what it points at")


def _unusable(code: str, path: Path, root: Path, message: str, fix: str) -> Problem:
    return Problem(code=code, file=path.relative_to(root).as_posix(), message=message, fix=fix)
