"""Files are written beside and renamed, so that a reader never meets half of one.

What a killed process leaves beside is named so that no tree carries it, and is swept by the next one that writes there.
"""

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from kernelwright.errors import UnwritableOutput

PARTIAL = ".kernelwright-partial"
"""How the name of a file ends that is being written: ``.{pid}.{random}.kernelwright-partial``."""


def replace(path: Path, data: bytes) -> None:
    """Put ``data`` at ``path`` in one step, as `replace_all` does."""
    replace_all({path: data})


def make_folder(path: Path) -> None:
    """Make a folder and those above it, if they are not there; raises `UnwritableOutput`."""
    with report_errors(path):
        path.mkdir(parents=True, exist_ok=True)


def replace_all(contents: Mapping[Path, bytes]) -> None:
    """Put each file at its path, none before all of them are on disk; identical files are left untouched.

    Raises
    ------
    UnwritableOutput
        The old files, if any, are then intact.
    """
    beside: dict[Path, Path] = {}
    for folder in {path.parent for path in contents}:
        _sweep(folder)
    try:
        for path, data in contents.items():
            with report_errors(path):
                _stage(path, data, beside)
        for path, staged in beside.items():
            with report_errors(path):
                os.replace(staged, path)  # noqa: PTH105 - one call, one step
    finally:
        for staged in beside.values():
            staged.unlink(missing_ok=True)


@contextmanager
def scratch_folder(parent: Path) -> Iterator[Path]:
    """Yield a folder to make things in beside their place; one that a killed process left is swept as a file is."""
    make_folder(parent)
    _sweep(parent)
    with tempfile.TemporaryDirectory(prefix=f".{os.getpid()}.", suffix=PARTIAL, dir=parent) as folder:
        yield Path(folder)


def remove(path: Path) -> None:
    """Delete a file; raises `UnwritableOutput`."""
    with report_errors(path, "deleted"):
        path.unlink()


@contextmanager
def report_errors(path: Path, done: str = "written") -> Iterator[None]:
    """Raise `UnwritableOutput`, which names ``path``, for an `OSError` in the block."""
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
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o644
    handle, name = tempfile.mkstemp(prefix=f".{os.getpid()}.", suffix=PARTIAL, dir=path.parent)
    beside[path] = Path(name)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    beside[path].chmod(mode)


def _sweep(folder: Path) -> None:
    """Delete what processes that were killed left beside a file."""
    for partial in folder.glob(f".*{PARTIAL}"):
        pid = partial.name.split(".")[1]
        try:
            if pid.isdecimal():
                os.kill(int(pid), 0)
        except PermissionError:  # a process of somebody else's, which writes there
            pass
        except (ProcessLookupError, OverflowError):
            with suppress(OSError):
                shutil.rmtree(partial) if partial.is_dir() and not partial.is_symlink() else partial.unlink()
