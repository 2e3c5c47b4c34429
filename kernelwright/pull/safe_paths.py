"""Where a module cell's path lies in the project, if it may be written at all."""

from collections.abc import Collection, Sequence
from pathlib import Path, PurePosixPath

from kernelwright.project.model import Project

_LONGEST_NAME = 255  # bytes


class Outside(Exception):
    """The path leads out of the configured sources; the message says how."""


def target(project: Project, path: str, vendored: Collection[str] = ()) -> Path:
    """Return the file in the configured sources that is carried as ``path``.

    Raises
    ------
    Outside
        An absolute path, one with ``..``, one of no configured source, one through a symbolic link; one of the
        ``vendored`` files, or the driver.
    """
    if path in vendored:
        raise Outside("is carried from the environment; edit it there")
    _spelt(path)
    parts = PurePosixPath(path).parts
    for source in project.sources:
        if source.name == parts[0]:
            found = source.joinpath(*parts[1:])
            if found == project.driver:
                raise Outside("is the driver; its cells are taken, no module cell")
            _carried(parts)
            _placed(source, found)
            walk(project.root, found)
            return found
    raise Outside("belongs to no configured source; add its folder to sources in pyproject.toml first")


def _spelt(path: str) -> None:
    if not path:
        raise Outside("names no file; write its path on that line")
    parts = PurePosixPath(path).parts
    if not parts or path.startswith(("/", "~")) or "\\" in path or ":" in parts[0]:
        raise Outside("is not a path inside the notebook's tree")
    steps = path.split("/")
    if ".." in steps:
        raise Outside("leads elsewhere by its dots")
    if "" in steps:
        raise Outside("holds an empty step, between or after its slashes; write it without")
    if "." in steps:
        raise Outside("holds a step `.`, which leads nowhere; write it without")
    if not path.isprintable():
        raise Outside("holds a character that is not printable; rename it")


def _carried(parts: Sequence[str]) -> None:
    if any(part.startswith(".") or part == "__pycache__" or part.endswith(".pyc") for part in parts):
        raise Outside("is nothing that a notebook carries: hidden, or made by Python")
    if any(len(part.encode()) > _LONGEST_NAME for part in parts):
        raise Outside(f"has a name of over {_LONGEST_NAME} bytes")


def _placed(source: Path, found: Path) -> None:
    if found.is_dir():
        raise Outside("is a folder here")
    if source.is_file() and found != source:
        raise Outside(f"goes below {source.name}, which is a file")


def walk(root: Path, found: Path) -> None:
    """Hold each step from the project's folder to a file against what would lead out of it; raises `Outside`."""
    step = root
    for part in found.relative_to(root).parts:
        step = step / part
        name = step.relative_to(root).as_posix()
        if step.is_symlink():
            raise Outside(f"goes through {name}, a symbolic link")
        if step != found and step.exists() and not step.is_dir():
            raise Outside(f"goes below {name}, which is a file")
