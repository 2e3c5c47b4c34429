"""Copy folders cheaply, with hard links or shared blocks. Links are followed; what is not a file is refused."""

import fcntl
import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

from kernelwright.errors import InvalidInput

Copy = Callable[[Path, Path], None]
_FICLONE = 0x40049409
"""Linux's ioctl for a copy that shares its blocks with the original until one of them is written."""


def hard_link(source: Path, target: Path) -> None:
    """Hard-link the file that ``source`` leads to, or copy it if that fails.

    Only for targets that nobody can write to, because a write would change the original.
    """
    try:
        os.link(source.resolve(), target)
    except OSError:  # another file system, or one without hard links
        private_copy(source, target)


def private_copy(source: Path, target: Path) -> None:
    """Copy a file so that writing to one never changes the other, sharing blocks if the file system can.

    An existing target is replaced, not written to, because it may be a link to somebody's data.
    """
    target.unlink(missing_ok=True)
    with source.open("rb") as original, target.open("xb") as copy:
        try:
            fcntl.ioctl(copy.fileno(), _FICLONE, original.fileno())
        except OSError:  # the file system cannot share blocks
            shutil.copyfileobj(original, copy, 1 << 20)
    shutil.copystat(source, target)


def copy_tree(source: Path, target: Path, copy: Copy, keep: Callable[[Path], bool] = lambda _: True) -> None:
    """Copy the files of a folder for which ``keep`` returns True; the target has no symbolic links.

    Raises
    ------
    InvalidInput
        A file cannot be read, or is not a file (a named pipe, a device, a link that leads nowhere), or a link leads to
        a folder that contains it.
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
    """Remove a folder, whatever permissions a kernel set in it; a folder that is not ours stays."""
    for below, _, _ in os.walk(folder):
        try:
            Path(below).chmod(0o700)
        except OSError:  # not ours; rmtree skips it too
            continue
    shutil.rmtree(folder, ignore_errors=True)
