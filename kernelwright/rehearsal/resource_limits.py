"""What Kaggle allows a run, compared with what its whole process tree uses."""

import contextlib
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import psutil

Exceeded = Literal["time", "memory", "disk"]
GB = 10**9
_INTERVAL_S = 0.2
_DISK_INTERVAL_S = 1.0


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What Kaggle allows a notebook. Memory is the sum of proportional set sizes (Pss) of all its processes."""

    hours: float = 12
    memory_bytes: int = 30 * GB
    disk_bytes: int = 20 * GB


@dataclass(kw_only=True)
class Usage:
    """Memory as (seconds, bytes), and the limit that ended the run, if one did."""

    memory: list[tuple[float, int]] = field(default_factory=list)
    exceeded: Exceeded | None = None

    @property
    def peak_bytes(self) -> int:
        """The largest memory seen."""
        return max((size for _, size in self.memory), default=0)


def watch(process: subprocess.Popen[bytes], working: Path, limits: Limits, show: Callable[[float, int], None]) -> Usage:
    """Wait for ``process``, and end it and all below it as soon as one of the limits is passed.

    ``show`` is called with the seconds and the bytes of memory, some times a second.
    """
    usage, started, disk_measured = Usage(), time.monotonic(), 0.0
    while process.poll() is None:
        elapsed, memory = time.monotonic() - started, memory_bytes(process.pid)
        usage.memory.append((round(elapsed, 3), memory))
        show(elapsed, memory)
        if elapsed > limits.hours * 3600:
            usage.exceeded = "time"
        elif memory > limits.memory_bytes:
            usage.exceeded = "memory"
        elif elapsed - disk_measured >= _DISK_INTERVAL_S:
            disk_measured = elapsed
            usage.exceeded = "disk" if size_bytes(working) > limits.disk_bytes else None
        if usage.exceeded:
            end(process)
            return usage
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_INTERVAL_S)
    if size_bytes(working) > limits.disk_bytes:
        usage.exceeded = "disk"
    return usage


def memory_bytes(pid: int) -> int:
    """Return the Pss of a process and all below it: shared pages count once, shared out among their users."""
    return sum(_pss(process) for process in tree(pid))


def _pss(process: psutil.Process) -> int:
    try:
        lines = Path(f"/proc/{process.pid}/smaps_rollup").read_text("ascii").splitlines()
    except OSError:  # it has ended, or the kernel does not let us look
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)


def size_bytes(folder: Path) -> int:
    """Return the bytes of the files in a folder, which may change while it is looked at."""
    return sum(_sizes(folder))


def _sizes(folder: Path) -> Iterator[int]:
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with contextlib.suppress(OSError):
                if entry.is_dir(follow_symlinks=False):
                    yield from _sizes(Path(entry.path))
                else:
                    yield entry.stat(follow_symlinks=False).st_size


def tree(pid: int) -> list[psutil.Process]:
    """Return a process and all below it."""
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    return []


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and all below it, and wait for it."""
    for member in reversed(tree(process.pid)):
        with contextlib.suppress(psutil.NoSuchProcess):
            member.kill()
    process.wait()


def end_recording(folder: Path) -> None:
    """Kill every process that records in or below ``folder``: children that left the tree, as a daemon does."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if Path(process.environ().get("KERNELWRIGHT_RECORD", "/")).is_relative_to(folder):
                process.kill()
