"""Run a command in namespaces of its own, as bubblewrap does, with system calls of Linux only.

It is run as a script, ``python namespaces.py SPEC``, and imports only the standard library. SPEC is a JSON file::

    {"mounts": [[kind, source, target], ...], "environment": {...}, "folder": "/kaggle/working", "command": [...],
     "own_network": true}

The kind of a mount is ``ro`` or ``rw`` (source is bound to target), ``proc``, ``dev``, ``link`` or ``folder``. Mounts
are made in the given order below an empty root, which is made read-only at the end. The only network is the loopback.
The command has no capabilities, so it cannot undo any of this. The processes that it starts end with it, and it ends
with the process that launched it.

``python namespaces.py network`` holds a network with only the loopback, for others to join, until its input closes.
"""

import codecs
import ctypes
import fcntl
import json
import os
import signal
import socket
import struct
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

HOST = "/.host"
"""Where the host's root remains visible until everything is mounted."""
NEW_ROOT = "/tmp"  # noqa: S108 - every host has it, and it is covered only in this namespace
# Constants of linux/sched.h, sys/mount.h, sys/prctl.h, linux/capability.h, linux/sockios.h; Python 3.11 has none.
NEWNS, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET = 1 << 17, 1 << 26, 1 << 27, 1 << 28, 1 << 29, 1 << 30
RDONLY, NOSUID, NODEV, NOEXEC, REMOUNT, BIND, REC, PRIVATE, DETACH = 1, 2, 4, 8, 1 << 5, 1 << 12, 1 << 14, 1 << 18, 2
PDEATHSIG, CAPBSET_DROP, NO_NEW_PRIVS, CAPABILITIES = 1, 24, 38, 0x20080522
GET_FLAGS, SET_FLAGS, UP = 0x8913, 0x8914, 1
NETWORK_READY = b"ready\n"
FAILED = 125
"""Exit status if the namespaces could not be made."""

libc = ctypes.CDLL(None, use_errno=True)
codecs.lookup("unicode_escape")  # load the codec now: later the interpreter's files are out of sight


def call(name: str, *arguments: object) -> None:
    """Call a function of libc; raises `OSError` if it fails."""
    if getattr(libc, name)(*(value.encode() if isinstance(value, str) else value for value in arguments)) == -1:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def mount(source: str | None, target: str, kind: str | None, flags: int, options: str | None = None) -> None:
    """Call mount(2)."""
    call("mount", source, target, kind, ctypes.c_ulong(flags), options)


def enter(namespaces: int) -> None:
    """Enter new namespaces of these kinds and of users; user and group keep their numbers."""
    uid, gid = os.getuid(), os.getgid()
    call("unshare", NEWUSER | namespaces)
    Path("/proc/self/setgroups").write_text("deny", "ascii")  # else Linux refuses gid_map to an ordinary user
    Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1", "ascii")
    Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1", "ascii")


def make_root(mounts: Sequence[tuple[str, str, str]]) -> None:
    """Mount everything below an empty root, then detach the host's root."""
    mount(None, "/", None, REC | PRIVATE)  # so that no mount below reaches the host
    mount("tmpfs", NEW_ROOT, "tmpfs", NOSUID | NODEV, "mode=755")
    Path(f"{NEW_ROOT}{HOST}").mkdir()
    call("pivot_root", NEW_ROOT, f"{NEW_ROOT}{HOST}")
    os.chdir("/")
    for kind, source, target in mounts:
        MOUNTS[kind](source, Path(target))
    call("umount2", HOST, DETACH)
    Path(HOST).rmdir()
    mount(None, "/", None, REMOUNT | RDONLY | NOSUID | NODEV)


def bind(source: str, target: Path, *, writable: bool) -> None:
    """Bind the host's ``source`` to ``target``, including the mounts below it."""
    host = Path(f"{HOST}{source}")
    if host.is_dir():
        target.mkdir(parents=True, exist_ok=True)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    mount(str(host), str(target), None, BIND | REC)
    for place in () if writable else (str(target), *mounts_below(target)):
        # Linux refuses a remount here that drops one of the host's flags, so they are repeated.
        locked = os.statvfs(place).f_flag & (NOSUID | NODEV | NOEXEC)
        mount(None, place, None, BIND | REMOUNT | RDONLY | locked)


def mounts_below(folder: Path) -> list[str]:
    """Return the mounts that a recursive bind brought along; making the bind read-only does not cover them."""
    lines = Path(f"{HOST}/proc/self/mountinfo").read_text("utf-8").splitlines()
    # Field 4 is the mount point, with spaces and other characters as octal escapes.
    places = (line.split()[4].encode().decode("unicode_escape") for line in lines)
    return [place for place in places if place.startswith(f"{folder}/")]


def tmpfs(mode: str, target: Path) -> None:
    """Mount a file system in memory, whose root has the octal ``mode``."""
    target.mkdir(parents=True, exist_ok=True)
    mount("tmpfs", str(target), "tmpfs", NOSUID | NODEV, f"mode={mode}")


def proc(_: str, target: Path) -> None:
    """Mount /proc, which shows only the processes of this namespace."""
    target.mkdir(parents=True, exist_ok=True)
    mount("proc", str(target), "proc", NOSUID | NODEV | NOEXEC)


def dev(_: str, target: Path) -> None:
    """Make a folder with the few devices that programs expect."""
    tmpfs("755", target)
    for name in ("null", "zero", "full", "random", "urandom", "tty"):
        bind(f"/dev/{name}", target / name, writable=True)
    for name, number in (("fd", ""), ("stdin", "/0"), ("stdout", "/1"), ("stderr", "/2")):
        (target / name).symlink_to(f"/proc/self/fd{number}")
    tmpfs("1777", target / "shm")
    (target / "pts").mkdir()  # IPython runs `!command` in a terminal, so the namespace needs its own
    mount("devpts", str(target / "pts"), "devpts", NOSUID | NOEXEC, "newinstance,ptmxmode=0666,mode=0620")
    (target / "ptmx").symlink_to("pts/ptmx")
    mount(None, str(target), None, REMOUNT | RDONLY | NOSUID)


def link(source: str, target: Path) -> None:
    """Make a symbolic link."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.symlink_to(source)


MOUNTS = {
    "ro": lambda source, target: bind(source, target, writable=False),
    "rw": lambda source, target: bind(source, target, writable=True),
    "folder": lambda _, target: target.mkdir(parents=True, exist_ok=True),
    "proc": proc,
    "dev": dev,
    "link": link,
}


def raise_loopback() -> None:
    """Switch on 127.0.0.1, over which a Jupyter kernel and its client talk."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
        # struct ifreq: a name of 16 bytes, then the flags as a short.
        answer = fcntl.ioctl(handle, GET_FLAGS, struct.pack("16sh14x", b"lo", 0))
        flags = struct.unpack("16sh14x", answer)[1]
        fcntl.ioctl(handle, SET_FLAGS, struct.pack("16sh14x", b"lo", flags | UP))


def drop_capabilities() -> None:
    """Drop all capabilities, so that the command cannot mount anything, even as root."""
    for capability in range(64):
        libc.prctl(CAPBSET_DROP, capability, 0, 0, 0)  # fails above the highest capability, so not checked by call()
    call("prctl", NO_NEW_PRIVS, 1, 0, 0, 0)
    call("capset", struct.pack("Ii", CAPABILITIES, 0), bytes(24))  # effective, permitted, inheritable: none


def be_first(spec: Mapping[str, Any]) -> int:
    """Set up the namespace as its process 1, run the command, and return its exit code.

    Process 1 adopts orphans. When it ends, Linux kills all other processes of the namespace.
    """
    call("prctl", PDEATHSIG, signal.SIGKILL, 0, 0, 0)  # again, because a forked process does not inherit it
    make_root(spec["mounts"])
    if spec["own_network"]:
        raise_loopback()
    socket.sethostname("kaggle")
    drop_capabilities()  # last, because mounting and raising the loopback need them
    os.setsid()  # no access to the launcher's terminal, as with bubblewrap's --new-session
    os.chdir(spec["folder"])
    command = os.fork()
    if command == 0:
        os.execve(spec["command"][0], spec["command"], spec["environment"])  # noqa: S606 - no shell is wanted
    while True:
        process, status = os.wait()
        if process == command:
            return os.waitstatus_to_exitcode(status)


def hold_network() -> None:
    """Make a network, report on standard output that it is ready, and keep it until standard input closes."""
    enter(NEWNET)
    raise_loopback()
    os.write(1, NETWORK_READY)
    sys.stdin.read()


def main() -> None:
    """Run the command of the SPEC that the first argument names, and exit with its status."""
    if sys.argv[1] == "network":
        return hold_network()
    spec = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    call("prctl", PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    try:
        enter(NEWNS | NEWUTS | NEWIPC | NEWPID | (NEWNET if spec["own_network"] else 0))
    except OSError as error:
        sys.exit(f"namespaces: {error}")
    first = os.fork()  # unshare() puts only children into the new process namespace; the first one is process 1
    if first == 0:
        code = FAILED
        try:
            code = be_first(spec)
        except OSError as error:
            os.write(2, f"namespaces: {error}\n".encode())
        finally:
            os._exit(code if code >= 0 else 128 - code)  # a negative code is a signal; shells report 128 + signal
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(first, 0)[1]))


if __name__ == "__main__":
    main()
