"""One push of a project at a time: its record and its datasets are common to all its kernels."""

import contextlib
import fcntl
import os
from collections.abc import Iterator

from kernelwright.errors import NotReady
from kernelwright.project.model import Project
from kernelwright.support import atomic_files


@contextlib.contextmanager
def taken(project: Project) -> Iterator[None]:
    """Hold the project for one push; the lock ends with the process and its client, however they end.

    A push that is killed leaves its client behind, which goes on sending what it was given.

    Raises
    ------
    NotReady
        Another process holds it.
    """
    atomic_files.make_folder(project.build)
    with (project.build / ".push.lock").open("a+", encoding="ascii") as lock:
        try:
            fcntl.flock(lock.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise NotReady(
                "another push of this project is under way, or a client of one that was killed; wait for it, or end it"
            ) from None
        os.set_inheritable(lock.fileno(), True)  # noqa: FBT003 - it takes no name
        yield
