"""Programs that try to get out of a run, or to take all of the machine: in every sandbox that this machine has."""

import dataclasses
import json
import os
import socket
import subprocess
import threading

import psutil
import pytest

from kernelwright.project.model import load_project
from kernelwright.rehearsal import enforced_limits, input_folder, resource_limits, run, sandbox
from kernelwright.rehearsal.input_folder import Folders
from kernelwright.rehearsal.resource_limits import Limits
from kernelwright.rehearsal.run_directory import RunDirectory, RunSpec
from tests.packager.rehearsal.conftest import write_kernel, write_source

NOTEBOOK = json.dumps({"cells": []}).encode()
PROBE = """
import contextlib, ctypes, json, os, pathlib, socket, subprocess, sys, time, types

def execute_notebook(*_, **__):
    seen = {{}}
    exec({script!r}, globals() | {{"seen": seen}})
    pathlib.Path(sys.argv[2]).with_name("seen.json").write_text(json.dumps(seen))

engines = types.SimpleNamespace(NotebookExecutionManager=types.SimpleNamespace())
sys.modules["papermill"] = types.SimpleNamespace(execute_notebook=execute_notebook, engines=engines)
{execute}
"""
"""What runs in a sandbox, but for papermill: a script is executed in place of the notebook."""
ATTEMPTS = """
data = next(p for p in (pathlib.Path(os.environ.get("KERNELWRIGHT_INPUT", "/kaggle/input/datasets/OWNER"), "toy-data"),
                        pathlib.Path("/kaggle/input/datasets/OWNER/toy-data")) if p.is_dir())
libc = ctypes.CDLL(None, use_errno=True)

def attempt(name, action):
    try:
        seen[name] = action()
    except Exception as error:
        seen[name] = type(error).__name__

def environments():
    for file in pathlib.Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if b"HOST_ONLY" in file.read_bytes():
                return "read"

def send(kind, address):
    with socket.socket(socket.AF_INET, kind, socket.IPPROTO_ICMP if kind == socket.SOCK_RAW else 0) as opened:
        return opened.sendto(b"x", address)

def bash(script):
    return subprocess.run(["bash", "-c", script], capture_output=True, timeout=20).returncode

def abstract():
    with socket.socket(socket.AF_UNIX) as opened:
        return opened.connect(chr(0) + NAME)

attempt("linked", lambda: (data / "linked.txt").read_text() + (data / "hard.txt").read_text())
attempt("secret", lambda: open(SECRET).read())
attempt("secret through /proc", lambda: open("/proc/1/root" + SECRET).read())
attempt("environments", environments)
attempt("kernel setting", lambda: open("/proc/sys/kernel/core_pattern", "r+").close())
for name in ("linked.txt", "hard.txt", "new.txt"):
    attempt("write " + name, lambda: (data / name).write_text("changed"))
attempt("remove", lambda: (data / "weights.txt").unlink())
attempt("remount", lambda: libc.mount(None, str(data).encode(), None, 32 | 4096, None))
attempt("unmount", lambda: libc.umount2(str(data).encode(), 2))
attempt("remount below", lambda: bash(f"unshare --user --map-root-user --mount mount -o remount,bind,rw {data}"))
attempt("write remounted", lambda: (data / "linked.txt").write_text("changed"))
attempt("raw socket", lambda: send(socket.SOCK_RAW, ("192.0.2.1", 0)))
attempt("datagram", lambda: send(socket.SOCK_DGRAM, ("192.0.2.1", 53)))
attempt("name", lambda: socket.getaddrinfo("dns.example.org", 80))
attempt("program", lambda: bash(f"exec 3<>/dev/tcp/127.0.0.1/{PORT}"))
attempt("abstract socket", abstract)
attempt("signal", lambda: os.kill(PID, 0))
attempt("ptrace", lambda: libc.ptrace(16, PID, None, None))
for script in ("(sleep MARK &) &", "setsid sleep MARK &", "(setsid env -i sleep MARK &) &"):
    attempt(script, lambda: subprocess.run(["sh", "-c", script], timeout=20).returncode)
time.sleep(0.2)
"""
LEFT_OPEN = {
    "secret": "Files of this machine, /tmp too, can be read and written",
    "secret through /proc": "Files of this machine",
    "environments": "processes of this machine are in reach",
    "kernel setting": "can be read and written",
    "program": "only Python's network is blocked, any other program may reach it",
    "abstract socket": "only Python's network is blocked",
    "signal": "processes of this machine are in reach",
    "ptrace": "processes of this machine are in reach",
    "write new.txt": "copies of the inputs, which a run may change",
    "remove": "copies of the inputs, which a run may change",
}
"""What a plain process cannot hold, and where the run says so."""


@pytest.fixture(scope="module", params=["bubblewrap", "namespaces", "process"])
def backend(request):
    works = {"bubblewrap": sandbox.bubblewrap_works, "namespaces": sandbox.namespaces_work, "process": lambda: True}
    if not works[request.param]():
        pytest.skip(f"{request.param} cannot be used on this machine")
    return request.param


@dataclasses.dataclass
class Trial:
    """A run of a script in the place of papermill: what it noted, how it ended, and the folders."""

    outcome: run.Outcome
    directory: RunDirectory

    @property
    def seen(self):
        return json.loads((self.directory.notes / "seen.json").read_text())


def trial(backend, root, script, **limits):
    """Run a script in place of papermill, with the inputs of a toy kernel."""
    source, project = root / "input", root / "project"
    if not source.exists():
        write_source(source)
    kernel = load_project(project) if project.exists() else write_kernel(project)
    directory = RunDirectory.below(root / "run")
    input_folder.stage(kernel, Folders(source=source), directory, read_only=backend != "process")
    mounts = input_folder.mounts(kernel.metadata, directory, "new")
    spec = RunSpec(directory=directory, phase="rerun", layout="new", mounts=mounts)
    probe = root / "probe.py"
    probe.write_text(PROBE.format(script=script, execute=sandbox.EXECUTE.read_text()))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sandbox, "EXECUTE", probe)
        outcome = run.run(NOTEBOOK, spec, backend, Limits(**limits))
    return Trial(outcome=outcome, directory=directory)


def alive(mark):
    """Return the processes whose command line has ``mark`` somewhere."""

    def matches(process):
        try:
            return process.status() != psutil.STATUS_ZOMBIE and mark in " ".join(process.cmdline())
        except psutil.Error:
            return False

    return [process for process in psutil.process_iter() if matches(process)]


class TestEscape:
    """One run makes all the attempts; what they came to is looked at one by one."""

    @pytest.fixture(scope="class")
    def tried(self, backend, tmp_path_factory):
        root = tmp_path_factory.mktemp(backend)
        outside = root / "outside"
        outside.mkdir()
        data = write_source(root / "input") / "toy-data"
        for name in ("secret", "linked.txt", "hard.txt"):
            (outside / name).write_text(name)
        (data / "linked.txt").symlink_to(outside / "linked.txt")
        os.link(outside / "hard.txt", data / "hard.txt")
        mark = f"98{os.getpid()}"
        bystander = subprocess.Popen(["sleep", "600"], env={"HOST_ONLY": "secret", "PATH": os.environ["PATH"]})
        with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as abstract:
            abstract.bind(f"\0{root}")
            abstract.listen()
            facts = {"SECRET": str(outside / "secret"), "PORT": server.getsockname()[1], "PID": bystander.pid}
            lines = "".join(f"{name} = {value!r}\n" for name, value in {**facts, "NAME": str(root)}.items())
            made = trial(backend, root, lines + ATTEMPTS.replace("MARK", mark))
            bystander.kill()
            bystander.wait()
        made.left, made.data, made.outside = alive(mark), data, outside
        return made

    @pytest.mark.parametrize(
        ("name", "held"),
        [
            ("secret", ["FileNotFoundError"]),
            ("secret through /proc", ["FileNotFoundError", "PermissionError"]),
            ("environments", [None]),
            ("kernel setting", ["OSError", "PermissionError", "FileNotFoundError"]),
            ("write new.txt", ["OSError", "PermissionError"]),
            ("remove", ["OSError", "PermissionError"]),
            ("program", [1]),
            ("abstract socket", ["ConnectionRefusedError"]),
            ("signal", ["ProcessLookupError"]),
            ("ptrace", [-1]),
        ],
    )
    def test_nothing_of_the_host_is_in_reach_or_the_run_says_so(self, tried, backend, name, held):
        assert tried.seen[name] in held or LEFT_OPEN[name] in sandbox.OPEN[backend], tried.seen[name]

    @pytest.mark.parametrize("name", ["remount", "unmount"])
    def test_mounts_cannot_be_changed_not_even_by_root(self, tried, name):
        assert tried.seen[name] == -1

    def test_nor_in_namespaces_below(self, tried):
        assert tried.seen["remount below"] != 0

    def test_a_write_to_the_input_never_reaches_the_users_data(self, tried):
        assert [(tried.outside / name).read_text() for name in ("linked.txt", "hard.txt")] == ["linked.txt", "hard.txt"]
        assert (tried.data / "weights.txt").read_text() == "weights\n"
        assert not (tried.data / "new.txt").exists()

    def test_links_among_the_inputs_do_not_dangle(self, tried):
        assert tried.seen["linked"] == "linked.txthard.txt"

    def test_pythons_network_is_blocked_and_the_hosts_are_named(self, tried):
        assert {tried.seen[name] for name in ("datagram", "name", "raw socket")} <= {"OSError", "PermissionError"}
        assert {"192.0.2.1", "dns.example.org"} <= set(tried.outcome.hosts)

    def test_no_process_outlives_the_run_whatever_it_left_behind(self, tried):
        assert [value for name, value in tried.seen.items() if "sleep" in name] == [0, 0, 0]
        assert tried.left == []


STORM = """
for _ in range(2000):
    if os.fork() == 0:
        time.sleep(600)
        os._exit(0)
time.sleep(600)
"""
FILL = """
opened = open(os.path.join(FOLDER, "big"), "wb", 0)
if REMOVED:
    os.remove(opened.name)
seen["written"] = 0
with contextlib.suppress(OSError), opened:
    while seen["written"] < 10 * 10**9:
        seen["written"] += opened.write(bytes(1 << 20))
        time.sleep(0.001)
"""
PLACES = {
    "the working folder": '"."',
    "a removed file": '"."',
    "the temporary folder": 'os.environ["TMPDIR"]',
    "the home folder": 'os.environ["HOME"]',
    "the record folder": 'os.environ["KERNELWRIGHT_RECORD"]',
}


def test_a_fork_storm_is_ended(backend, tmp_path, monkeypatch):
    monkeypatch.setattr(resource_limits, "PROCESSES", 100)
    made = trial(backend, tmp_path, STORM)
    assert made.outcome.usage.exceeded == "processes"
    assert alive(str(tmp_path)) == []


@pytest.mark.parametrize("place", PLACES)
def test_ten_gigabytes_end_at_the_disk_limit(backend, tmp_path, monkeypatch, place):
    monkeypatch.setattr(resource_limits, "_DISK_INTERVAL_S", 0.1)
    script = FILL.replace("FOLDER", PLACES[place]).replace("REMOVED", str(place == "a removed file"))
    made = trial(backend, tmp_path, script, disk_bytes=20_000_000)
    if made.outcome.usage.exceeded is None:
        assert made.outcome.limits["disk"] == "enforced"
        assert 19_000_000 < made.seen["written"] < 22_000_000
    else:
        assert made.outcome.usage.exceeded == "disk"
    kept = sum(resource_limits.size_bytes(folder) for folder in (made.directory.working, made.directory.scratch))
    assert kept < 1_000_000_000
    assert not list(made.directory.folder.glob("*.ext4"))


def test_memory_is_held_by_a_control_group(backend, tmp_path):
    with enforced_limits.enforce(Limits(disk_bytes=10**18), RunDirectory.below(tmp_path)) as enforced:
        group = enforced.group
        if group is None:
            pytest.skip("no control group (version 2) with memory may be made on this machine")
    script = "kept = [bytearray(b'x') * 10_000_000 for _ in range(100)]\ntime.sleep(600)"
    made = trial(backend, tmp_path, script, memory_bytes=200_000_000)
    assert made.outcome.limits["memory"] == made.outcome.limits["processes"] == "enforced"
    assert made.outcome.usage.exceeded == "memory"
    assert made.outcome.usage.peak_bytes < 210_000_000
    assert not list(group.parent.glob("kernelwright-*"))


def test_a_long_log_is_read_in_pieces_and_its_end_is_kept(backend, tmp_path):
    made = trial(backend, tmp_path, "for _ in range(80_000): print('x' * 79)")
    assert made.directory.log.stat().st_size == 6_400_000
    assert len(made.outcome.log) == run.LONGEST_TEXT


def test_a_disk_that_cannot_be_made_is_watched(tmp_path):
    made = trial("process", tmp_path, "seen['made'] = True", disk_bytes=10**18)
    assert (made.seen, made.outcome.usage.exceeded, made.outcome.limits["disk"]) == ({"made": True}, None, "watched")
    assert not list(made.directory.folder.glob("*.ext4"))


@pytest.mark.parametrize("note", ["[]", "{}", '{"exception": 5}', "{", '{"exception": [1]}'])
def test_a_run_that_meddles_with_its_notes_and_kills_its_executor_did_not_end_by_itself(tmp_path, note):
    script = f"pathlib.Path(sys.argv[2]).write_text({note!r})\nos.kill(os.getpid(), 9)"
    made = trial("process", tmp_path, script)
    assert made.outcome.exception["name"] == "NoResult"


DAEMON = """
subprocess.Popen(["sleep", "MARK"], start_new_session=True)
kept = bytearray(b"x") * 50_000_000
time.sleep(0.5)
seen["home"] = os.environ["HOME"]
"""


def test_a_plain_process_needs_nothing_of_linux(tmp_path, monkeypatch):
    monkeypatch.setattr(resource_limits, "_HAS_PSS", False)
    monkeypatch.setattr(enforced_limits, "disk_images_work", lambda: False)
    monkeypatch.setattr(enforced_limits, "CGROUPS", tmp_path / "missing")
    monkeypatch.setattr(sandbox, "EXECUTE", _on_macos(tmp_path))
    mark = f"96{os.getpid()}"
    made = trial("process", tmp_path, DAEMON.replace("MARK", mark))
    assert made.outcome.exception is None
    assert made.outcome.usage.peak_bytes > 50_000_000
    assert set(made.outcome.limits.values()) == {"watched"}
    assert made.seen["home"] == str(made.directory.scratch / "home")
    assert alive(mark) == []


def test_a_plain_process_that_is_killed_leaves_its_tree_in_its_own_folder(tmp_path):
    made = trial("process", tmp_path, "import tempfile\nseen['tree'] = tempfile.mkdtemp(prefix='kernelwright-')")
    assert made.seen["tree"].startswith(f"{made.directory.scratch}/tmp/kernelwright-")


def _on_macos(folder):
    file = folder / "execute.py"
    file.write_text(sandbox.EXECUTE.read_text().replace("sys.platform", "'darwin'"))
    return file


def test_the_strongest_sandbox_that_works_is_taken(monkeypatch):
    for bubblewrap, namespaces, best in [(True, True, "bubblewrap"), (False, True, "namespaces")]:
        monkeypatch.setattr(sandbox, "bubblewrap_works", lambda works=bubblewrap: works)
        monkeypatch.setattr(sandbox, "namespaces_work", lambda works=namespaces: works)
        assert sandbox.best() == best
    monkeypatch.setattr(sandbox, "namespaces_work", lambda: False)
    assert sandbox.best() == "process"


PRINTS = """
import time
for number in range(300_000):
    print("x" * 999)
    if number % 1000 == 0:
        time.sleep(0.1)  # papermill takes a kernel that is far ahead of it for dead
submission = open("submission.csv", "w")
submission.write("id,answer\\na,1\\nbb,2\\nccc,3\\n")
"""


@pytest.mark.full
def test_a_log_of_300_megabytes_leaves_the_launcher_small(rerun):
    before, sizes, ended = psutil.Process().memory_info().rss, [], threading.Event()

    def measure():
        while not ended.wait(0.2):
            sizes.append(psutil.Process().memory_info().rss)

    thread = threading.Thread(target=measure)
    thread.start()
    try:
        made = rerun(PRINTS)
    finally:
        ended.set()
        thread.join()
    assert made.verdict == "Complete", made.detail
    assert max(sizes) - before < 300_000_000


def test_a_process_that_has_ended_is_no_error_to_who_looks_at_it():
    ended = subprocess.Popen(["sleep", "600"])
    process = psutil.Process(ended.pid)
    ended.kill()
    ended.wait()
    assert resource_limits.removed_bytes([process], device=0) == 0
    assert resource_limits.memory_bytes(process) == 0
    assert resource_limits.tree(ended.pid) == []
