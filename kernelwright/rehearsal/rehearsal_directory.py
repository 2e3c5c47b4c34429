"""The folder of a rehearsal: one rehearsal at a time, and what the last one left is removed first."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from kernelwright.errors import RehearsalUnderWay
from kernelwright.rehearsal import file_copies, resource_limits
from kernelwright.support import file_lock


@contextlib.contextmanager
def hold_rehearsal_directory(folder: Path) -> Iterator[Path]:
    """Hold ``folder``, empty, for one rehearsal; raises `RehearsalUnderWay` where another process holds it.

    The lock ends with the process, however that ends. Whoever holds it may take every process that records into the
    folder for a leftover of a launcher that was killed.
    """
    busy = f"{folder}: another rehearsal is under way in it; wait for it, or end it"
    with file_lock.hold(folder.with_name(f".{folder.name}.lock"), RehearsalUnderWay(busy)):
        resource_limits.end_recording(folder)
        file_copies.remove_tree(folder)
        folder.mkdir()
        yield folder
