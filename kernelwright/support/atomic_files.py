"""Files are written beside and renamed, so that a reader never meets half of one."""

import errno
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from kernelwright.errors import UnwritableOutput


def replace(path: Path, data: bytes) -> None:
    """Put ``data`` at ``path`` in one step; an identical file is left untouched.

    Raises
    ------
    UnwritableOutput
        The old file, if any, is then intact.
    """
    replace_all({path: data})


def make_folder(path: Path) -> None:
    """Make a folder and those above it, if they are not there; raises `UnwritableOutput`."""
    with _told_of(path):
        path.mkdir(parents=True, exist_ok=True)


def replace_all(contents: Mapping[Path, bytes]) -> None:
    """Put each file at its path, none before all of them are on disk; identical files are left untouched.

    Raises
    ------
    UnwritableOutput
        The old files, if any, are then intact.
    """
    beside: dict[Path, Path] = {}
    try:
        for path, data in contents.items():
            with _told_of(path):
                _stage(path, data, beside)
        for path, staged in beside.items():
            with _told_of(path):
                os.replace(staged, path)  # noqa: PTH105 - one call, one step
    finally:
        for staged in beside.values():
            staged.unlink(missing_ok=True)


def remove(path: Path) -> None:
    """Delete a file; raises `UnwritableOutput`."""
    with _told_of(path, "deleted"):
        path.unlink()


@contextmanager
def _told_of(path: Path, done: str = "written") -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UnwritableOutput(f"{path}: cannot be {done}: {error.strerror or error}") from error


def _stage(path: Path, data: bytes, beside: dict[Path, Path]) -> None:
    """Write the file beside its place, if it is another one than there."""
    if path.is_file() and path.read_bytes() == data:
        return
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "a folder is in its place")
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    beside[path] = Path(name)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    beside[path].chmod(0o644)
