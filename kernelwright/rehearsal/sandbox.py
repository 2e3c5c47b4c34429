"""The sandbox of a run: bubblewrap, Linux namespaces made without it, or a plain process with redirected inputs."""

import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kernelwright.errors import EnvironmentUnavailable
from kernelwright.rehearsal import shared_network
from kernelwright.rehearsal.environment_variables import GUARD, variables
from kernelwright.rehearsal.run_directory import CALLS, NOTEBOOK, RunSpec, SandboxName
from kernelwright.rehearsal.shared_network import NAMESPACES

EXECUTE = Path(__file__).with_name("execute.py")
RUN_GATEWAY = Path(__file__).with_name("run_gateway.py")
OPEN: dict[SandboxName, str] = {
    "bubblewrap": "",
    "namespaces": "",
    "process": (
        "the runs are plain processes, in one mount layout alone. /kaggle/input is not there: KERNELWRIGHT_INPUT names "
        "copies of the inputs, which a run may change. Files of this machine, /tmp too, can be read and written; only "
        "Python's network is blocked, any other program may reach it; processes of this machine are in reach, and "
        "one that kills its parent may outlive the run"
    ),
}
"""The gaps of each sandbox, as the report states them; empty if nothing of the host can be reached."""
Mount = tuple[str, str, str]
"""Kind, source and target. ``ro`` and ``rw`` bind a path of the host; the others are ``link``, ``folder``, ``proc``
and ``dev``."""
_INSIDE = "/run/kernelwright"
# What programs read in /etc: for shared libraries, Debian's links in /usr/bin, TLS, time, name lookup and fonts.
_ETC = ("ld.so.cache", "alternatives", "ssl", "localtime", "nsswitch.conf", "fonts")
_SETTINGS = ("/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus")
_BUBBLEWRAP = {
    "ro": "--ro-bind",
    "rw": "--bind",
    "link": "--symlink",
    "folder": "--dir",
    "proc": "--proc",
    "dev": "--dev",
}


@dataclass(frozen=True, kw_only=True)
class SandboxCommand:
    """A command to launch, with its environment and its current folder."""

    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    folder: Path
    is_isolated: bool = True
    """Whether every process that it starts ends with it."""


@functools.cache
def bubblewrap_works() -> bool:
    """Return True if bubblewrap works in a trial; its version does not say what the system's policies allow."""
    if shutil.which("bwrap") is None:
        return False
    probe = ["bwrap", *_NAMESPACES, "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "true"]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


@functools.cache
def namespaces_work() -> bool:
    """Return True if namespaces work in a trial; containers and some distributions forbid them."""
    with tempfile.TemporaryDirectory() as scratch:
        spec = Path(scratch) / "spec.json"
        command = ["/bin/sh", "-c", "true"]
        tried = {"mounts": [*_system()], "environment": {}, "folder": "/", "command": command, "own_network": True}
        spec.write_text(json.dumps(tried), "utf-8")
        probe = subprocess.run([sys.executable, str(NAMESPACES), str(spec)], capture_output=True, check=False)
    return probe.returncode == 0


def best() -> SandboxName:
    """Return the strongest sandbox that works on this machine."""
    if bubblewrap_works():
        return "bubblewrap"
    return "namespaces" if namespaces_work() else "process"


def command(spec: RunSpec, sandbox: SandboxName) -> SandboxCommand:
    """Return the command that launches a run, whose folders are made and staged, in the sandbox."""
    directory = spec.directory
    run_mounts = [] if sandbox == "process" else list(mounts(spec))
    inside = functools.partial(_inside, run_mounts)
    script, *operands = _script(spec), directory.working / NOTEBOOK, directory.notes / "ended.json"
    if spec.program:
        operands = [spec.program, directory.notes / CALLS]
    inner = tuple(map(inside, (spec.python, script, *operands)))
    environment = variables(spec, inside, is_isolated=sandbox != "process")
    if sandbox == "process":
        return SandboxCommand(arguments=inner, environment=environment, folder=directory.working, is_isolated=False)
    if sandbox == "bubblewrap":
        outer = _bubblewrap(run_mounts, environment, shares_network=spec.network is not None)
        launched = (*outer, "--chdir", "/kaggle/working", *inner)
    else:
        launcher_spec = {
            "mounts": run_mounts,
            "environment": environment,
            "folder": "/kaggle/working",
            "command": inner,
            "own_network": spec.network is None,
        }
        file = directory.folder / "namespaces.json"
        file.write_text(json.dumps(launcher_spec), "utf-8")
        launched = (sys.executable, str(NAMESPACES), str(file))
    return SandboxCommand(
        arguments=shared_network.join(spec.network, launched),
        # For the launcher only. The variables of the run are among its arguments or in its file.
        environment={"PATH": os.environ.get("PATH", os.defpath)},
        folder=directory.folder,
    )


def _inside(mounts: Sequence[Mount], path: Path) -> str:
    """Return the path at which a run sees ``path`` of the host: below the nearest mounted folder, else unchanged."""
    bound = [(source, target) for kind, source, target in mounts if kind in {"ro", "rw"}]
    holding = ((source, target) for source, target in bound if path.is_relative_to(source))
    # The longest source is the nearest folder.
    source, target = max(holding, key=lambda pair: len(pair[0]), default=("/", "/"))
    return str(Path(target, path.relative_to(source)))


def _script(spec: RunSpec) -> Path:
    return RUN_GATEWAY if spec.program else EXECUTE


# With capabilities, root could remount the inputs writable, and they are hard links to the user's own files.
_NAMESPACES = ("--unshare-all", "--die-with-parent", "--new-session", "--hostname", "kaggle", "--cap-drop", "ALL")


def _bubblewrap(mounts: Sequence[Mount], environment: Mapping[str, str], *, shares_network: bool) -> tuple[str, ...]:
    options: list[str] = []
    for kind, source, target in mounts:
        options += [_BUBBLEWRAP[kind], source, target] if kind in {"ro", "rw", "link"} else [_BUBBLEWRAP[kind], target]
    options += ["--remount-ro", "/", "--clearenv"]  # after all mounts, whose targets are created in this root
    options += [part for name, value in environment.items() for part in ("--setenv", name, value)]
    options += ["--share-net"] if shares_network else []  # undoes that part of --unshare-all
    return ("bwrap", *_NAMESPACES, *options)


def mounts(spec: RunSpec) -> Iterator[Mount]:
    """Yield all mounts of a run: the system's libraries, its Python, its own folders and Kaggle's folders."""
    directory = spec.directory
    yield from _system()
    for name, target in {"tmp": "/tmp", "home": "/root", "kaggle_tmp": "/kaggle/tmp"}.items():  # noqa: S108
        yield "rw", str(directory.scratch / name), target
    # Mounted after /tmp and HOME, which would hide a Python inside them.
    for folder in (*_python_folders(spec.python), *spec.readable):
        yield "ro", str(folder), str(folder)
    if spec.writable:
        yield "rw", str(spec.writable), str(spec.writable)
    if spec.shared:
        spec.shared.mkdir(exist_ok=True)
        yield "rw", str(spec.shared), "/kaggle/shared"
    yield "ro", str(GUARD), f"{_INSIDE}/guard"
    script = _script(spec)
    yield "ro", str(script), f"{_INSIDE}/{script.name}"
    hosts, users = directory.folder / "hosts", directory.folder / "passwd"
    # inference_server is the name by which a gateway addresses the notebook's machine.
    hosts.write_text(f"127.0.0.1 localhost kaggle{' inference_server' if spec.network else ''}\n", "utf-8")
    yield "ro", str(hosts), "/etc/hosts"
    users.write_text(f"root:x:{os.getuid()}:{os.getgid()}:root:/root:/bin/sh\n", "utf-8")
    yield "ro", str(users), "/etc/passwd"  # getpass.getuser() fails if the user is not listed
    yield "rw", str(directory.record), f"{_INSIDE}/record"
    yield "rw", str(directory.notes), f"{_INSIDE}/notes"
    yield "folder", "", "/kaggle/input"
    yield from (("ro", str(folder), target) for folder, target in spec.mounts)
    yield "rw", str(directory.working), "/kaggle/working"


def _system() -> Iterator[Mount]:
    yield "ro", "/usr", "/usr"
    for path in map(Path, ("/bin", "/sbin", "/lib", "/lib64")):  # links into /usr on most distributions, not on all
        if path.is_symlink():
            yield "link", str(path.readlink()), str(path)
        elif path.is_dir():
            yield "ro", str(path), str(path)
    yield from (("ro", f"/etc/{name}", f"/etc/{name}") for name in _ETC if Path("/etc", name).exists())
    yield from (("proc", "", "/proc"), ("dev", "", "/dev"))
    # Even without capabilities, user 0 may change settings of the whole host.
    yield from (("ro", path, path) for path in _SETTINGS if Path(path).exists())


def _python_folders(python: Path) -> list[Path]:
    """Return the folders that an interpreter needs: its environment and the base installation, unless in /usr."""
    command = [str(python), "-c", "import sys; print(sys.prefix, sys.base_prefix, sep='\\n')"]
    try:
        lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError) as error:
        raise EnvironmentUnavailable(f"{python}: does not run: {error}") from error
    return [path for path in map(Path, dict.fromkeys(lines)) if not path.is_relative_to("/usr")]
