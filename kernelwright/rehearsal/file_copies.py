"""Folders copied cheaply: links are followed, and what is no file is refused before anything waits for it."""

import fcntl
import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

from kernelwright.errors import InvalidInput

Copy = Callable[[Path, Path], None]
_FICLONE = 0x40049409
"""Linux's ioctl that makes a copy share its blocks with the original until one of them is written."""


def hard_link(source: Path, target: Path) -> None:
    """Link the file that ``source`` leads to, or copy it where that cannot be: for what nobody can write through."""
    try:
        os.link(source.resolve(), target)
    except OSError:  # another file system, or one without hard links
        private_copy(source, target)


def private_copy(source: Path, target: Path) -> None:
    """Copy a file so that writing to one never reaches the other, sharing blocks where the file system can.

    What is at the target already, perhaps a link to somebody's data, is replaced and not written into.
    """
    target.unlink(missing_ok=True)
    with source.open("rb") as original, target.open("xb") as copy:
        try:
            fcntl.ioctl(copy.fileno(), _FICLONE, original.fileno())
        except OSError:
            shutil.copyfileobj(original, copy, 1 << 20)
    shutil.copystat(source, target)


def copy_tree(source: Path, target: Path, copy: Copy, keep: Callable[[Path], bool] = lambda _: True) -> None:
    """Copy a folder file by file, those that are to be kept; the target has no symbolic links.

    Raises
    ------
    InvalidInput
        A file cannot be read or is none (a named pipe, a device, a link that leads nowhere), or a folder holds itself.
    """
    try:
        _copy_folder(source, target, copy, keep, (source.resolve(),))
    except OSError as error:
        raise InvalidInput(f"{error.filename or source}: cannot be copied: {error.strerror or error}") from error


def _copy_folder(source: Path, target: Path, copy: Copy, keep: Callable[[Path], bool], above: tuple[Path, ...]) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for path in sorted(source.iterdir()):
        mode = path.stat().st_mode if path.exists() else 0
        if stat.S_ISDIR(mode):
            real = path.resolve()
            if real in above:
                raise InvalidInput(f"{path}: a link to a folder that it is in; remove it")
            _copy_folder(path, target / path.name, copy, keep, (*above, real))
        elif not keep(path):
            continue
        elif stat.S_ISREG(mode):
            target.mkdir(parents=True, exist_ok=True)
            copy(path, target / path.name)
        else:
            what = "a named pipe, socket or device" if mode else "a link that leads nowhere"
            raise InvalidInput(f"{path}: {what}, no file; remove it from the input folder")


def remove_tree(folder: Path) -> None:
    """Remove a folder, whatever permissions a kernel left in it."""
    for below, _, _ in os.walk(folder):
        try:
            Path(below).chmod(0o700)
        except OSError:  # not ours: rmtree leaves it
            continue
    shutil.rmtree(folder, ignore_errors=True)
