"""Find the file for a module cell's path, and refuse paths that a pull must not write."""

from collections.abc import Collection
from pathlib import Path

from kernelwright.bundle import file_walk
from kernelwright.project.model import Project

_LONGEST_NAME = 255  # bytes
_LONGEST_PATH = 1_000


class UnsafePath(Exception):
    """The path leads out of the sources or is not one that a notebook carries. The message says why."""


def resolve_module_path(project: Project, path: str, vendored: Collection[str] = ()) -> Path:
    """Return the file in the sources that is carried as ``path``.

    Raises
    ------
    UnsafePath
        If the path is absolute, contains ``..``, is hidden, too long or not printable, belongs to no source, leads
        through a symbolic link, or is the driver, a folder, or one of the ``vendored`` files.
    """
    steps = path.split("/")
    lengths = [len(step.encode("utf-8", "replace")) for step in steps]  # a path may contain a lone surrogate
    is_long = sum(lengths) + len(steps) - 1 > _LONGEST_PATH or max(lengths) > _LONGEST_NAME
    faults = {
        "is carried from the environment; edit it there": path in vendored,
        "names no file; write its path on that line": not path,
        "holds a character that is not printable; rename it": not path.isprintable(),
        # Backslashes and drives such as `C:` are refused on every system.
        "is not a path inside the notebook's tree": path.startswith(("/", "~")) or "\\" in path or ":" in steps[0],
        "holds an empty step, `.` or `..`; write it without": not {"", ".", ".."}.isdisjoint(steps),
        "is nothing that a notebook carries: hidden, or made by a tool": any(map(file_walk.is_left_out, steps)),
        f"is longer than {_LONGEST_PATH} bytes, or than {_LONGEST_NAME} in one name": is_long,
    }
    if fault := next((text for text, is_fault in faults.items() if is_fault), None):
        raise UnsafePath(fault)
    source = next((source for source in project.sources if source.name == steps[0]), None)
    if source is None:
        raise UnsafePath("belongs to no configured source; add its folder to sources in pyproject.toml first")
    file = source.joinpath(*steps[1:])
    if file == project.driver:
        raise UnsafePath("is the driver; its cells are taken, no module cell")
    reject_symlinks(project.root, file)
    if file.is_dir():
        raise UnsafePath("is a folder here")
    return file


def reject_symlinks(root: Path, file: Path) -> None:
    """Raise `UnsafePath` if the path from ``root`` to ``file`` leads through a symbolic link or below a file."""
    step = root
    for part in file.relative_to(root).parts:
        step = step / part
        name = step.relative_to(root).as_posix()
        if step.is_symlink():
            raise UnsafePath(f"goes through {name}, a symbolic link")
        if step != file and step.exists() and not step.is_dir():
            raise UnsafePath(f"goes below {name}, which is a file")
