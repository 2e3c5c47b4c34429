"""The limits of a run, watched from outside by measuring all its processes and folders."""

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
"""The most processes that a run may have. It is not a limit of Kaggle's; it ends a kernel that forks endlessly."""
_INTERVAL_S = 0.2
_DYING_S = 5.0
"""How long to wait until killed processes are gone."""
_DISK_INTERVAL_S = 1.0
"""Longer than ``_INTERVAL_S``, because measuring the disk walks through all folders."""
_HAS_PSS = Path("/proc/self/smaps_rollup").exists()


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The limits of a run, by default Kaggle's. Memory is the sum of the proportional set sizes (PSS) of processes."""

    hours: float = 12
    memory_bytes: int = 30 * GB
    disk_bytes: int = 20 * GB


@dataclass(kw_only=True)
class Usage:
    """What a run used."""

    memory: list[tuple[float, int]] = field(default_factory=list)
    """Seconds since the start, and bytes in use."""
    exceeded: Exceeded | None = None
    """The limit that ended the run, if one did."""

    @property
    def peak_bytes(self) -> int:
        """The largest measured memory."""
        return max((size for _, size in self.memory), default=0)


def watch(
    process: subprocess.Popen[bytes],
    written: Sequence[Path],
    limits: Limits,
    show: Callable[[float, int], None],
    is_over: Callable[[], bool] = lambda: False,
) -> Usage:
    """Wait until ``process`` ends, a limit is exceeded, or ``is_over`` returns True; nothing is killed.

    ``written`` is the working folder, followed by the other folders and files that the run may write to. The disk limit
    applies to the working folder, and to all the others together. ``show`` is called with the seconds since the start
    and the bytes of memory in use, several times per second.
    """
    usage, started, disk_measured = Usage(), time.monotonic(), 0.0
    working, *other = written
    device = working.stat().st_dev

    def is_full(removed: int) -> bool:
        return max(size_bytes(working) + removed, sum(map(size_bytes, other))) > limits.disk_bytes

    while process.poll() is None and not is_over():
        elapsed, members = time.monotonic() - started, tree(process.pid)
        memory = sum(map(memory_bytes, members[:PROCESSES]))  # more are over the limit anyway, and slow to measure
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
    if is_full(removed=0):  # once more, as the last files may be newer than the last measurement
        usage.exceeded = "disk"
    return usage


def memory_bytes(process: psutil.Process) -> int:
    """Return the PSS of a process, in which each shared page is divided among its users; without /proc, the RSS."""
    with contextlib.suppress(psutil.Error, OSError):  # the process has ended, or Linux does not allow reading it
        if not _HAS_PSS:
            return int(process.memory_info().rss)
        lines = Path(f"/proc/{process.pid}/smaps_rollup").read_text("ascii").splitlines()
        return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)
    return 0


def removed_bytes(members: Sequence[psutil.Process], device: int) -> int:
    """Return the bytes of files on ``device`` that were deleted but that a process still has open."""
    sizes = {}  # by inode, because several processes may have the same file open
    for member in members:
        with contextlib.suppress(OSError):  # the process has ended, or we may not read it
            for file in Path(f"/proc/{member.pid}/fd").iterdir():
                with contextlib.suppress(OSError):
                    status = file.stat()
                    if status.st_nlink == 0 and status.st_dev == device and stat.S_ISREG(status.st_mode):
                        sizes[status.st_ino] = status.st_blocks * 512  # st_blocks counts 512 bytes on any file system
    return sum(sizes.values())


def size_bytes(path: Path) -> int:
    """Return the bytes of a file, or of all files in a folder, which may change meanwhile."""
    size = path.stat().st_size if path.is_file() else 0
    for folder, _, names in os.walk(path):  # skips folders that are gone or cannot be read
        for name in names:
            with contextlib.suppress(OSError):
                size += os.lstat(f"{folder}/{name}").st_size
    return size


def tree(pid: int) -> list[psutil.Process]:
    """Return a process and all its descendants; empty if it is gone."""
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    return []


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and all its descendants, and wait for it."""
    stopped: dict[int, psutil.Process] = {}
    # All are suspended before any is killed, so that none can start another meanwhile.
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
    """Kill every process whose record folder is ``folder`` or below it, even daemons that left the process tree."""

    def none_is_left() -> bool | None:
        is_over = True
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if Path(process.environ().get("KERNELWRIGHT_RECORD", "/")).is_relative_to(folder):
                    is_over = False
                    process.kill()
        return is_over or None

    # Once is not enough: a process may fork meanwhile, and a killed one takes a moment to disappear.
    poll(none_is_left, every=0.02, timeout=_DYING_S)
