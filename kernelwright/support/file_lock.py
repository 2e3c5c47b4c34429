"""A lock that is a file: it ends with the process that holds it, however that ends."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from kernelwright.errors import KernelwrightError
from kernelwright.support import atomic_files


@contextlib.contextmanager
def hold(path: Path, busy: KernelwrightError, *, inherited: bool = False) -> Iterator[None]:
    """Hold the lock at ``path`` within the block.

    Parameters
    ----------
    path : Path
        Made where it is not there, and left there.
    busy : KernelwrightError
        Raised where another process holds it.
    inherited : bool
        Whether programs that are started meanwhile hold it too, until they end.
    """
    atomic_files.make_folder(path.parent)
    with path.open("a+", encoding="ascii") as lock:
        try:
            fcntl.flock(lock.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise busy from None
        os.set_inheritable(lock.fileno(), inherited)
        yield
