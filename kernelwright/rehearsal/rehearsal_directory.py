"""The folder of a rehearsal: one rehearsal at a time, and what the last one left is swept first."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from kernelwright.errors import RehearsalUnderWay
from kernelwright.rehearsal import resource_limits
from kernelwright.support import file_lock


@contextlib.contextmanager
def occupied(folder: Path) -> Iterator[Path]:
    """Hold ``folder``, empty, for one rehearsal.

    The lock ends with the process, however that ends. Whoever holds it may take every process that records into the
    folder for a leftover of a launcher that was killed.

    Raises
    ------
    RehearsalUnderWay
        Another process holds it.
    """
    busy = f"{folder}: another rehearsal is under way in it; wait for it, or end it"
    with file_lock.hold(folder.with_name(f".{folder.name}.lock"), RehearsalUnderWay(busy)):
        sweep(folder)
        folder.mkdir()
        yield folder


def sweep(folder: Path) -> None:
    """End what still records into ``folder``, and remove the folder, whatever permissions a kernel left in it."""
    resource_limits.end_recording(folder)
    if folder.is_dir():
        for below, _, _ in os.walk(folder):
            with contextlib.suppress(OSError):
                Path(below).chmod(0o700)
        shutil.rmtree(folder, ignore_errors=True)
