"""What Kaggle allows a run, compared with what its whole process tree uses."""

import contextlib
import os
import stat
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import psutil

from kernelwright.support.poll import poll

Exceeded = Literal["time", "memory", "disk", "processes"]
GB = 10**9
PROCESSES = 4096
"""How many a run may have: no limit of Kaggle's, but where a kernel that forks without end is ended."""
_INTERVAL_S = 0.2
_DYING_S = 5.0
_DISK_INTERVAL_S = 1.0
_HAS_PSS = Path("/proc/self/smaps_rollup").exists()


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


def watch(
    process: subprocess.Popen[bytes],
    written: Sequence[Path],
    limits: Limits,
    show: Callable[[float, int], None],
    is_over: Callable[[], bool] = lambda: False,
) -> Usage:
    """Wait for ``process``, and stop waiting as soon as one of the limits is passed, or ``is_over`` says so.

    ``written`` is the working folder, then the other folders and files that the run may write to, which are held to
    the disk limit together. ``show`` is called with the seconds and the bytes of memory, some times a second.
    """
    usage, started, disk_measured = Usage(), time.monotonic(), 0.0
    working, *other = written
    device = working.stat().st_dev

    def is_full(removed: int) -> bool:
        return max(size_bytes(working) + removed, sum(map(size_bytes, other))) > limits.disk_bytes

    while process.poll() is None and not is_over():
        elapsed, members = time.monotonic() - started, tree(process.pid)
        memory = sum(map(memory_bytes, members[:PROCESSES]))
        usage.memory.append((round(elapsed, 3), memory))
        show(elapsed, memory)
        if elapsed > limits.hours * 3600:
            usage.exceeded = "time"
        elif memory > limits.memory_bytes:
            usage.exceeded = "memory"
        elif len(members) > PROCESSES:
            usage.exceeded = "processes"
        elif elapsed - disk_measured >= _DISK_INTERVAL_S:
            disk_measured = elapsed
            usage.exceeded = "disk" if is_full(removed_bytes(members, device)) else None
        if usage.exceeded:
            return usage
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_INTERVAL_S)
    if is_full(removed=0):
        usage.exceeded = "disk"
    return usage


def memory_bytes(process: psutil.Process) -> int:
    """Return a process's Pss: shared pages count once, shared out among their users; resident memory without /proc."""
    with contextlib.suppress(psutil.Error, OSError):  # it has ended, or the kernel does not let us look
        if not _HAS_PSS:
            return int(process.memory_info().rss)
        lines = Path(f"/proc/{process.pid}/smaps_rollup").read_text("ascii").splitlines()
        return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)
    return 0


def removed_bytes(members: Sequence[psutil.Process], device: int) -> int:
    """Return the bytes on ``device`` of files that have no name any more, because a process has them open."""
    sizes = {}
    for member in members:
        with contextlib.suppress(OSError):  # it has ended, or is not ours to look at
            for file in Path(f"/proc/{member.pid}/fd").iterdir():
                with contextlib.suppress(OSError):
                    status = file.stat()
                    if status.st_nlink == 0 and status.st_dev == device and stat.S_ISREG(status.st_mode):
                        sizes[status.st_ino] = status.st_blocks * 512
    return sum(sizes.values())


def size_bytes(path: Path) -> int:
    """Return the bytes of a file, or of those in a folder, which may change while it is looked at."""
    size = path.stat().st_size if path.is_file() else 0
    for folder, _, names in os.walk(path):  # passes over a folder that is gone, or may not be read
        for name in names:
            with contextlib.suppress(OSError):
                size += os.lstat(f"{folder}/{name}").st_size
    return size


def tree(pid: int) -> list[psutil.Process]:
    """Return a process and all below it."""
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    return []


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and all below it, and wait for it. What is stopped first starts nothing in the meantime."""
    stopped: dict[int, psutil.Process] = {}
    while fresh := [member for member in tree(process.pid) if member.pid not in stopped]:
        for member in fresh:
            stopped[member.pid] = member
            with contextlib.suppress(psutil.Error):
                member.suspend()
    for member in stopped.values():
        with contextlib.suppress(psutil.Error):
            member.kill()
    process.wait()


def end_recording(folder: Path) -> None:
    """Kill every process that records in or below ``folder``: children that left the tree, as a daemon does."""

    def none_is_left() -> bool | None:
        is_over = True
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if Path(process.environ().get("KERNELWRIGHT_RECORD", "/")).is_relative_to(folder):
                    is_over = False
                    process.kill()
        return is_over or None

    # One look is not enough: what forks starts another meanwhile, and what is killed takes a moment to be gone.
    poll(none_is_left, every=0.02, timeout=_DYING_S)
