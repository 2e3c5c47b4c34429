"""What surrounds a run: bubblewrap where it works, else a process with the network blocked and inputs redirected."""

import functools
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from kernelwright.project.metadata import KernelMetadata
from kernelwright.rehearsal.run_directory import NOTEBOOK, Desk, Layout, PhaseName, mount_points

SandboxName = Literal["bubblewrap", "process"]
GUARD = Path(__file__).with_name("network_guard")
EXECUTE = Path(__file__).with_name("execute.py")
PROCESS_ONLY = (
    "bubblewrap does not work here, so the run is a plain process: Python's network is blocked and inputs are "
    "redirected with KERNELWRIGHT_INPUT, but /kaggle/input is not there, files of this machine can be read, and "
    "what is no Python may reach the network. For the real one: apt-get install bubblewrap"
)
_NOWHERE = "http://127.0.0.1:9"
"""A proxy nobody listens at: what the guard cannot stop in a child that is not Python."""
_INSIDE = "/run/kernelwright"
_ETC = ("ld.so.cache", "alternatives", "ssl", "localtime", "nsswitch.conf", "fonts")


@dataclass(frozen=True, kw_only=True)
class Launch:
    """A command, its environment and its current folder."""

    command: tuple[str, ...]
    environment: Mapping[str, str]
    folder: Path


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What a run is given: its desk, which of Kaggle's runs it plays, the mounts, the Python it runs on."""

    desk: Desk
    phase: PhaseName
    layout: Layout
    metadata: KernelMetadata
    python: Path = Path(sys.executable)
    writable: Path | None = None
    """An environment's folder that the notebook may install into, if it is not to be read-only."""
    readable: tuple[Path, ...] = ()
    """Further folders that the Python needs."""


@functools.cache
def bubblewrap_works() -> bool:
    """Tell by trying: a version says nothing of what the kernel and its policies allow."""
    if shutil.which("bwrap") is None:
        return False
    probe = ["bwrap", "--unshare-all", "--die-with-parent", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev"]
    return subprocess.run([*probe, "true"], capture_output=True, check=False).returncode == 0


def prepare(setting: Setting, sandbox: SandboxName) -> Launch:
    """Return what to launch for a run whose desk is made and staged."""
    return _bubblewrap(setting) if sandbox == "bubblewrap" else _process(setting)


def _process(setting: Setting) -> Launch:
    desk = setting.desk
    told = _environment(setting, home=desk.scratch, temporary=desk.scratch)
    told |= {
        "PYTHONPATH": str(GUARD),
        "KERNELWRIGHT_INPUT": str(desk.input),
        "KERNELWRIGHT_RECORD": str(desk.record),
        "KERNELWRIGHT_NETWORK_LOG": str(desk.notes / "network.log"),
        "no_proxy": "localhost,127.0.0.1",
        **dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), _NOWHERE),
    }
    command = (str(setting.python), str(EXECUTE), str(desk.working / NOTEBOOK), str(desk.notes / "ended.json"))
    return Launch(command=command, environment=told, folder=desk.working)


def _bubblewrap(setting: Setting) -> Launch:
    told = _environment(setting, home=Path("/root"), temporary=Path("/tmp"))  # noqa: S108 - the sandbox's own
    told |= {
        "PYTHONPATH": f"{_INSIDE}/guard",
        "KERNELWRIGHT_RECORD": f"{_INSIDE}/record",
        "KERNELWRIGHT_NETWORK_LOG": f"{_INSIDE}/notes/network.log",
    }
    inner = (str(setting.python), f"{_INSIDE}/execute.py", f"/kaggle/working/{NOTEBOOK}", f"{_INSIDE}/notes/ended.json")
    variables = (part for name, value in told.items() for part in ("--setenv", name, value))
    options = (*_namespaces(), *_system(), *_mounts(setting), "--clearenv", *variables, "--chdir", "/kaggle/working")
    path = {"PATH": os.environ.get("PATH", os.defpath)}
    return Launch(command=("bwrap", *options, *inner), environment=path, folder=setting.desk.folder)


def _namespaces() -> tuple[str, ...]:
    return ("--unshare-all", "--die-with-parent", "--new-session", "--hostname", "kaggle")


def _system() -> Iterator[str]:
    """Yield the parts of the host without which no program starts."""
    yield from ("--ro-bind", "/usr", "/usr")
    for path in map(Path, ("/bin", "/sbin", "/lib", "/lib64")):
        if path.is_symlink():
            yield from ("--symlink", str(path.readlink()), str(path))
        elif path.is_dir():
            yield from ("--ro-bind", str(path), str(path))
    for name in _ETC:
        yield from ("--ro-bind-try", f"/etc/{name}", f"/etc/{name}")
    yield from ("--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--tmpfs", "/root")  # noqa: S108


def _mounts(setting: Setting) -> Iterator[str]:
    desk = setting.desk
    for prefix in (*_python_folders(setting.python), *setting.readable):
        yield from ("--ro-bind", str(prefix), str(prefix))
    if setting.writable:
        yield from ("--bind", str(setting.writable), str(setting.writable))
    yield from ("--ro-bind", str(GUARD), f"{_INSIDE}/guard", "--ro-bind", str(EXECUTE), f"{_INSIDE}/execute.py")
    yield from ("--ro-bind", str(_passwd(desk)), "/etc/passwd")
    yield from ("--bind", str(desk.record), f"{_INSIDE}/record", "--bind", str(desk.notes), f"{_INSIDE}/notes")
    yield from ("--dir", "/kaggle/input")
    for slug, place in mount_points(setting.metadata, setting.layout):
        if (desk.input / slug).is_dir():
            yield from ("--ro-bind", str(desk.input / slug), f"/kaggle/input/{place}")
    yield from ("--bind", str(desk.working), "/kaggle/working", "--dir", "/kaggle/tmp")
    yield from ("--remount-ro", "/", "--tmpfs", "/kaggle/tmp")


def _python_folders(python: Path) -> list[Path]:
    """Return the folders an interpreter needs: its environment's and its real one's, those in /usr left out."""
    asked = [str(python), "-c", "import sys; print(sys.prefix, sys.base_prefix, sep='\\n')"]
    lines = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.splitlines()
    return [path for path in map(Path, dict.fromkeys(lines)) if not path.is_relative_to("/usr")]


def _passwd(desk: Desk) -> Path:
    """Make up a user: without one, ``getpass.getuser()`` fails."""
    file = desk.folder / "passwd"
    file.write_text(f"root:x:{os.getuid()}:{os.getgid()}:root:/root:/bin/sh\n", "utf-8")
    return file


def _environment(setting: Setting, home: Path, temporary: Path) -> dict[str, str]:
    """Return the variables of a run: a few of ours, Kaggle's, and nothing else of the host."""
    told = {
        "PATH": os.pathsep.join([str(setting.python.parent), "/usr/local/bin", "/usr/bin", "/bin"]),
        "HOME": str(home),
        "TMPDIR": str(temporary),
        "LANG": "C.UTF-8",
        "PIP_CONFIG_FILE": os.devnull,
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "KAGGLE_KERNEL_RUN_TYPE": "Batch",
        "KAGGLE_URL_BASE": "https://www.kaggle.com",
    }
    return told | ({"KAGGLE_IS_COMPETITION_RERUN": "1"} if setting.phase == "rerun" else {})
