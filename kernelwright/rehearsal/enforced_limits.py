"""Limits enforced by Linux, where allowed: a control group for memory and processes, and disks of limited size."""

import contextlib
import functools
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from kernelwright.errors import EnvironmentUnavailable
from kernelwright.rehearsal.resource_limits import PROCESSES, Limits
from kernelwright.rehearsal.run_directory import RunDirectory
from kernelwright.support.poll import poll

CGROUPS = Path("/sys/fs/cgroup")
_PREFIX = "kernelwright-"
# The shell joins the group and then becomes the command, so that no process is outside of it.
_JOIN = 'echo $$ > "$1" && shift && exec "$@"'
# Arguments: pairs of image and folder, `--`, the command. cd "$PWD" enters the current folder again, as a disk may now
# be mounted over it. 125 stands for a failure of the mounts.
_MOUNT = """
while [ "$1" != -- ]; do mount -o loop,nosuid,nodev "$1" "$2" && rmdir "$2/lost+found" || exit 125; shift 2; done
shift; cd "$PWD" && exec "$@"
"""
_COPY = 'mount -o loop,nosuid,nodev "$1" "$2" && cp -a "$2/." "$3"'
_UNSHARED = ("unshare", "--mount", "--propagation", "private", "/bin/sh", "-c")
"""Starts a shell command whose mounts no other process sees. They disappear when it ends, even if it is killed."""


@dataclass(frozen=True, kw_only=True)
class EnforcedLimits:
    """Those limits of a run that Linux enforces."""

    group: Path | None = None
    """A control group that limits memory and processes; None if none could be made."""
    disks: tuple[tuple[Path, Path], ...] = ()
    """Disk images of the limit's size, each with the folder where the run sees it; empty if none could be made."""

    def arguments(self, command: Sequence[str]) -> tuple[str, ...]:
        """Return a command that sets up the limits and then executes ``command`` in the same process."""
        if self.disks:
            command = (*_UNSHARED, _MOUNT, "sh", *(str(path) for disk in self.disks for path in disk), "--", *command)
        if self.group:
            command = ("/bin/sh", "-c", _JOIN, "sh", f"{self.group}/cgroup.procs", *command)
        return tuple(command)

    @property
    def described(self) -> dict[str, str]:
        """For each limit, whether it is ``enforced`` by Linux or ``watched`` from outside."""
        group, disk = ("enforced" if by_linux else "watched" for by_linux in (self.group, self.disks))
        return {"time": "watched", "memory": group, "disk": disk, "processes": group}

    @property
    def ran_out_of_memory(self) -> bool:
        """Whether Linux killed a process because the control group exceeded its memory limit."""
        events = (self.group / "memory.events").read_text("ascii").split() if self.group else []
        return dict(zip(events[::2], events[1::2], strict=True)).get("oom_kill", "0") != "0"


@contextlib.contextmanager
def enforce(limits: Limits, directory: RunDirectory) -> Iterator[EnforcedLimits]:
    """Set up the limits that can be enforced; at the end, copy the working folder's files out of its disk image.

    Raises `EnvironmentUnavailable` if they cannot be copied out.
    """
    disks = _disks(limits, directory)
    group = next(filter(None, (_make_group(parent, limits.memory_bytes) for parent in _parents())), None)
    try:
        yield EnforcedLimits(group=group, disks=disks)
    finally:
        if group:
            _remove_group(group)
        if disks:
            _bring_out(disks[0][0], directory)
        for image, _ in disks:
            image.unlink()


def _disks(limits: Limits, directory: RunDirectory) -> tuple[tuple[Path, Path], ...]:
    """Make disk images for the working and the temporary folders; return none if that fails, as for a huge size."""
    disks = tuple((folder.with_suffix(".ext4"), folder) for folder in (directory.working, directory.scratch))
    if disk_images_work():
        try:
            for image, folder in disks:
                _make_image(image, limits.disk_bytes, folder)
        except (OSError, subprocess.CalledProcessError):
            for image, _ in disks:
                image.unlink(missing_ok=True)
        else:
            return disks
    return ()


@functools.cache
def disk_images_work() -> bool:
    """Return True if a disk image can be mounted, in a trial; that needs root, a loop device and mkfs.ext4."""
    with tempfile.TemporaryDirectory() as scratch, contextlib.suppress(OSError, subprocess.CalledProcessError):
        image, folder = Path(scratch, "image"), Path(scratch, "folder")
        folder.mkdir()
        _make_image(image, 1 << 20, folder)
        limited = EnforcedLimits(disks=((image, folder),)).arguments(["true"])
        return subprocess.run(limited, capture_output=True, check=False, cwd=folder).returncode == 0
    return False


def _make_image(image: Path, size: int, contents: Path) -> None:
    """Make a sparse ext4 image with room for ``size`` bytes and with the files of ``contents``."""
    with image.open("wb") as file:  # ext4's own data comes on top of the size
        file.truncate(size + size // 32 + (1 << 20))
    # Nothing is reserved for root (-m 0), and no space is spent on a journal or on room to grow.
    options = ("-q", "-F", "-m", "0", "-b", "4096", "-i", "16384", "-O", "^has_journal,^resize_inode")
    # mkfs.ext4 is often in /usr/sbin, which is not on everybody's PATH.
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
    command = ["mkfs.ext4", *options, "-d", str(contents), str(image)]
    subprocess.run(command, check=True, capture_output=True, env={"PATH": path})


def _bring_out(image: Path, directory: RunDirectory) -> None:
    shutil.rmtree(directory.working)
    directory.working.mkdir()
    with tempfile.TemporaryDirectory(dir=directory.folder) as mounted:
        command = [*_UNSHARED, _COPY, "sh", str(image), mounted, str(directory.working)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise EnvironmentUnavailable(f"{directory.working}: cannot be copied from {image}: {done.stderr.strip()}")


def _parents() -> Iterator[Path]:
    """Yield the control groups that may have a limited group below them, from this process's own group upwards.

    A group with processes in it may not delegate controllers, so usually one above it does.
    """
    with contextlib.suppress(OSError):
        lines = Path("/proc/self/cgroup").read_text("utf-8").splitlines()
        own = next((line.removeprefix("0::/") for line in lines if line.startswith("0::/")), "")
        for folder in (CGROUPS / own, *(CGROUPS / own).parents):
            controllers = folder / "cgroup.subtree_control"
            if controllers.is_file() and {"memory", "pids"} <= set(controllers.read_text("ascii").split()):
                yield folder


def _make_group(parent: Path, memory_bytes: int) -> Path | None:
    """Make a control group (version 2) with the limits; return None if that is not allowed."""
    for left in parent.glob(f"{_PREFIX}[0-9]*-*"):  # leftovers of killed launchers; rmdir fails if processes remain
        if not psutil.pid_exists(int(left.name.split("-")[1])):
            with contextlib.suppress(OSError):
                left.rmdir()
    group = parent / f"{_PREFIX}{os.getpid()}-{time.monotonic_ns()}"
    try:
        group.mkdir()
    except OSError:
        return None
    limits = {"memory.max": memory_bytes, "memory.swap.max": 0, "pids.max": PROCESSES}
    try:
        for name, value in limits.items():
            if name != "memory.swap.max" or (group / name).exists():  # missing if Linux was built without swap
                (group / name).write_text(str(value), "ascii")
        # A trial: joining a group may be forbidden even if making one is not.
        subprocess.run(EnforcedLimits(group=group).arguments(["true"]), check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        _remove_group(group)
        return None
    return group


def _remove_group(group: Path) -> None:
    """Kill the processes left in a control group and remove it; wait up to 2 s, as it is busy until they are gone."""
    with contextlib.suppress(OSError):
        (group / "cgroup.kill").write_text("1", "ascii")

    def is_gone() -> bool | None:
        with contextlib.suppress(OSError):
            group.rmdir()
        return None if group.exists() else True

    poll(is_gone, every=0.02, timeout=2)
