"""The launcher itself, with programs that try to get out."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kernelwright.rehearsal import namespaces

SYSTEM = [
    ("ro", "/usr", "/usr"),
    *(("link", str(path.readlink()), str(path)) for path in map(Path, ("/bin", "/lib", "/lib64")) if path.is_symlink()),
    ("ro", "/etc/ld.so.cache", "/etc/ld.so.cache"),
    *(("ro", folder, folder) for folder in {sys.prefix, sys.base_prefix} if not folder.startswith("/usr")),
    ("proc", "", "/proc"),
    ("dev", "", "/dev"),
]
REMOUNT = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
done = [libc.mount(None, b"/data", None, 32 | extra, None) for extra in (0, 4096)] + [libc.umount2(b"/data", 2)]
print(done)
"""


class Sandbox:
    """A folder of the host that is bound at /data, one at /out, and the launcher."""

    def __init__(self, root):
        self.data, self.work, self.spec = root / "data", root / "work", root / "spec.json"
        self.data.mkdir()
        self.work.mkdir()

    def command(self, script, *more, program=("/bin/sh", "-c")):
        mounts = [*SYSTEM, ("ro", str(self.data), "/data"), ("rw", str(self.work), "/out"), *more]
        spec = {
            "mounts": mounts,
            "environment": {"PATH": "/usr/bin:/bin"},
            "folder": "/out",
            "command": [*program, script],
            "own_network": True,
        }
        self.spec.write_text(json.dumps(spec))
        return [sys.executable, namespaces.__file__, str(self.spec)]

    def run(self, script, *more, **options):
        done = subprocess.run(self.command(script, *more, **options), capture_output=True, text=True, check=False)
        return done.returncode, done.stdout.strip(), done.stderr.strip()

    def python(self, script, *more):
        return self.run(script, *more, program=(sys.executable, "-c"))


@pytest.fixture
def sandbox(tmp_path):
    made = Sandbox(tmp_path)
    status, _, error = made.run("true")
    if status == namespaces.FAILED or "namespaces:" in error:
        pytest.skip(f"not allowed here: {error}")
    return made


def running(mark):
    """Return the processes of this machine whose command line holds ``mark``."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if mark.encode() in file.read_bytes():
                found.append(file.parent.name)
        except OSError:
            continue
    return found


def test_the_status_of_the_command_is_that_of_the_launcher(sandbox):
    assert sandbox.run("exit 7")[0] == 7
    assert sandbox.run("kill -KILL $$")[0] == 128 + signal.SIGKILL


def test_what_is_bound_read_only_cannot_be_written_and_the_rest_can(sandbox):
    (sandbox.data / "a").write_text("kept")
    script = (
        "echo x > /data/a; echo x > /data/b; rm -f /data/a; echo x > /usr/x; echo x > /x; echo y > /out/c; ls /data"
    )
    status, shown, _ = sandbox.run(script)
    assert (status, shown) == (0, "a")
    assert (sandbox.data / "a").read_text() == "kept"
    assert (sandbox.work / "c").read_text() == "y\n"


def test_nothing_else_of_the_host_is_there(sandbox, tmp_path):
    (tmp_path / "secret").write_text("hidden")
    _, shown, _ = sandbox.run(
        f"ls / /home /etc 2>/dev/null | sort | uniq; cat {tmp_path}/secret /proc/1/root/etc/shadow"
    )
    assert "hidden" not in shown
    assert "root:" not in shown
    names = set(shown.split())
    assert ".host" not in names
    assert "ld.so.cache" in names


def test_a_link_that_leads_out_of_the_input_dangles(sandbox, tmp_path):
    (tmp_path / "secret").write_text("hidden")
    (sandbox.data / "link").symlink_to(tmp_path / "secret")
    assert sandbox.run("cat /data/link")[:2] == (1, "")


def test_there_is_no_network_but_the_loopback(sandbox):
    script = (
        "import socket\n"
        "server = socket.create_server(('127.0.0.1', 0))\n"
        "socket.create_connection(server.getsockname(), 5).close()\n"
        "for target in (('192.0.2.1', 80), ('2001:db8::1', 80)):\n"
        "    try: socket.create_connection(target, 5)\n"
        "    except OSError as error: print(error.strerror)\n"
        "try: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)\n"
        "except OSError as error: print(error.strerror)\n"
    )
    assert sandbox.python(script)[1].splitlines() == ["Network is unreachable"] * 2 + ["Operation not permitted"]


def test_mounts_cannot_be_changed_from_within_not_even_by_root(sandbox):
    assert sandbox.python(REMOUNT)[1] == "[-1, -1, -1]"


def test_there_are_no_processes_of_the_host(sandbox):
    script = f"kill -0 {os.getpid()} 2>/dev/null && echo there; ls -d /proc/[0-9]* | wc -l"
    status, shown, _ = sandbox.run(script)
    assert status == 0
    assert int(shown) < 8


def test_what_was_started_ends_with_the_command(sandbox):
    mark = f"sleep 98{os.getpid()}"
    sandbox.run(f"setsid sh -c '({mark} &) &'; exit 0")
    assert running(mark.replace(" ", "\0")) == []


def test_it_ends_with_the_launcher(sandbox):
    mark = f"97{os.getpid()}"
    launcher = subprocess.Popen(sandbox.command(f"trap '' TERM; touch /out/started; sleep {mark}"))
    while not (sandbox.work / "started").exists():
        assert launcher.poll() is None
        time.sleep(0.01)
    launcher.kill()
    launcher.wait()
    for _ in range(500):
        if not running(f"sleep\0{mark}"):
            break
        time.sleep(0.01)
    assert running(f"sleep\0{mark}") == []


def test_a_folder_that_is_not_there_is_one_line(sandbox):
    status, shown, error = sandbox.run("true", ("ro", "/no/such/folder", "/here"))
    assert (status, shown) == (namespaces.FAILED, "")
    assert error == "namespaces: [Errno 2] mount: No such file or directory"


def test_a_program_gets_a_terminal_of_its_own_as_ipython_gives_one_to_a_shell_command(sandbox):
    script = "import os, pty; print(os.ttyname(pty.openpty()[1]), os.path.exists('/dev/ptmx'))"
    assert sandbox.python(script) == (0, "/dev/pts/0 True", "")
