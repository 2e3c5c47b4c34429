"""Write files atomically: to a temporary file beside the target, which is then renamed.

Names of temporary files begin with a dot, so they are never carried. If a killed process leaves one, the next process
that writes to the folder deletes it.
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
"""Suffix of temporary files. Their names have the form ``.{pid}.{random}.kernelwright-partial``."""


def replace(path: Path, data: bytes) -> None:
    """Write ``data`` to ``path`` atomically, as `replace_all` does."""
    replace_all({path: data})


def make_folder(path: Path) -> None:
    """Create a folder and its parents if they do not exist; raises `UnwritableOutput`."""
    with report_errors(path):
        path.mkdir(parents=True, exist_ok=True)


def replace_all(contents: Mapping[Path, bytes]) -> None:
    """Write each file to its path. No file is renamed before all are on disk; identical files are left alone.

    Raises
    ------
    UnwritableOutput
        If a file cannot be written. The old files, if any, are then intact.
    """
    beside: dict[Path, Path] = {}
    for folder in {path.parent for path in contents}:
        sweep(folder)
    try:
        for path, data in contents.items():
            with report_errors(path):
                _stage(path, data, beside)
        for path, staged in beside.items():
            with report_errors(path):
                os.replace(staged, path)  # noqa: PTH105 - one atomic call
    finally:
        for staged in beside.values():
            staged.unlink(missing_ok=True)


@contextmanager
def scratch_folder(parent: Path) -> Iterator[Path]:
    """Yield a temporary folder in ``parent``, from which results can be renamed into place.

    A folder that a killed process left is deleted like a temporary file.
    """
    make_folder(parent)
    sweep(parent)
    with tempfile.TemporaryDirectory(prefix=f".{os.getpid()}.", suffix=PARTIAL, dir=parent) as folder:
        yield Path(folder)


def remove(path: Path) -> None:
    """Delete a file; raises `UnwritableOutput`."""
    with report_errors(path, "deleted"):
        path.unlink()


@contextmanager
def report_errors(path: Path, done: str = "written") -> Iterator[None]:
    """Turn an `OSError` in the ``with`` block into an `UnwritableOutput` that names ``path``."""
    try:
        yield
    except OSError as error:
        raise UnwritableOutput(f"{path}: cannot be {done}: {error.strerror or error}") from error


def _stage(path: Path, data: bytes, beside: dict[Path, Path]) -> None:
    """Write a temporary file beside ``path``, unless the file there already has this content."""
    if path.is_file() and path.read_bytes() == data:
        return
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "a folder is in its place")
    path.parent.mkdir(parents=True, exist_ok=True)
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o644  # mkstemp creates files as 0o600
    handle, name = tempfile.mkstemp(prefix=f".{os.getpid()}.", suffix=PARTIAL, dir=path.parent)
    beside[path] = Path(name)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    beside[path].chmod(mode)


def sweep(folder: Path) -> None:
    """Delete temporary files and folders of processes that no longer run."""
    for partial in folder.glob(f".*{PARTIAL}"):
        pid = partial.name.split(".")[1]
        try:
            if pid.isdecimal():
                os.kill(int(pid), 0)  # signal 0 only checks whether the process exists
        except PermissionError:  # it exists and belongs to another user
            pass
        except (ProcessLookupError, OverflowError):  # it does not exist, or the number is too large for a process
            with suppress(OSError):
                shutil.rmtree(partial) if partial.is_dir() and not partial.is_symlink() else partial.unlink()
