"""A lock on a file. The operating system releases it when the process that holds it ends, however it ends."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from kernelwright.errors import KernelwrightError
from kernelwright.support import atomic_files


@contextlib.contextmanager
def hold(path: Path, busy: KernelwrightError, *, inherited: bool = False) -> Iterator[None]:
    """Hold the lock at ``path`` within the ``with`` block.

    Parameters
    ----------
    path : Path
        The lock's file. It is created if necessary, and not deleted.
    busy : KernelwrightError
        Raised if another process holds the lock.
    inherited : bool
        Whether programs that are started in the block also hold the lock until they end.
    """
    atomic_files.make_folder(path.parent)
    with path.open("a+", encoding="ascii") as lock:  # "a+" creates the file and does not truncate it
        try:
            fcntl.flock(lock.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise busy from None
        os.set_inheritable(lock.fileno(), inherited)  # an flock is held until all processes have closed the file
        yield
