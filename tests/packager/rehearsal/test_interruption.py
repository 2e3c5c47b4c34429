"""Launchers that end in the middle of a run, and what is left of it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from kernelwright.errors import RehearsalUnderWay
from kernelwright.rehearsal import sandbox
from kernelwright.rehearsal.rehearse import Plan, hold_folder, rehearse
from tests import notebooks

SLEEPS = """
# %%
import os, subprocess, sys, time
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", "{sign}"], start_new_session=True)
open(os.path.join(os.environ["KERNELWRIGHT_RECORD"], "begun"), "w").close()
time.sleep(600)
"""


@pytest.fixture
def launched(kernel, source, tmp_path):
    """Launch a rehearsal of a kernel that sleeps, in a process of its own; wait until it does."""
    started = []

    def launched(name):
        if name != "process" and sandbox.best() != name:
            pytest.skip(f"{name} is not what this machine isolates a run with")
        sign = f"kernelwright-{name}-{tmp_path.name}"
        project = kernel(SLEEPS.format(sign=sign))
        program = (
            "import sys\nfrom kernelwright.rehearsal import sandbox\n"
            f"sandbox.best = lambda: {name!r}\n"
            "from kernelwright.cli import main\nmain()\n"
        )
        asked = ["rehearse", "--project", str(project.root), "--input", str(source), "--phase", "rerun"]
        process = subprocess.Popen(
            [sys.executable, "-c", program, *asked, "--mounts", "new"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=notebooks.heed_interrupts,
        )
        started.append(process)
        _wait(lambda: (project.build / "rehearsal/rerun-new/record/begun").exists() or process.poll() is not None)
        assert process.poll() is None, process.stdout.read().decode()
        assert _alive(sign)
        return process, project, sign

    yield launched
    for process in started:
        process.kill()
        process.communicate()


def _wait(until, seconds=60):
    deadline = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)


def _alive(sign):
    def holds(process):
        try:
            return process.status() != psutil.STATUS_ZOMBIE and sign in process.cmdline()
        except psutil.Error:
            return False

    return [process for process in psutil.process_iter() if holds(process)]


def _report(project):
    folder = project.build / "rehearsal"
    return json.loads((folder / "report.json").read_text()), (folder / "report.html").read_text()


def _mounts():
    mounts = Path("/proc/self/mounts").read_text().splitlines()
    return [line for line in mounts if "/kaggle" in line or "kernelwright" in line]


@pytest.mark.parametrize("name", ["bubblewrap", "namespaces", pytest.param("process", marks=pytest.mark.full)])
def test_ctrl_c_ends_the_run_and_the_report_says_so(launched, name):
    process, project, sign = launched(name)
    os.killpg(process.pid, signal.SIGINT)
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    assert output.decode().splitlines()[-1] == "interrupted"  # and no traceback
    report, page = _report(project)
    assert (report["state"], report["note"]) == ("interrupted", "interrupted; 0 of 1 runs were done")
    assert "interrupted; 0 of 1 runs were done" in page
    assert not _alive(sign)
    assert not _mounts()


@pytest.mark.parametrize("name", [pytest.param("bubblewrap", marks=pytest.mark.full), "namespaces", "process"])
@pytest.mark.parametrize("number", [pytest.param(signal.SIGTERM, marks=pytest.mark.full), signal.SIGKILL])
def test_a_killed_launcher_leaves_a_report_and_no_process(launched, name, number):
    process, project, sign = launched(name)
    process.send_signal(number)
    process.wait(30)
    _wait(lambda: not _alive(sign), 10)
    report, page = _report(project)
    assert (report["state"], report["note"]) == ("running", "in the rerun run, new mounts; 0 of 1 runs were done")
    assert "This rehearsal has not ended: in the rerun run, new mounts; 0 of 1 runs were done." in page
    assert not _mounts()


def test_what_a_crash_left_is_swept_at_the_next_start(tmp_path):
    folder = tmp_path / "rehearsal"
    record = folder / "rerun-new" / "record"
    record.mkdir(parents=True)
    (record / ".stages.json.part").touch()
    record.chmod(0o500)
    left = subprocess.Popen(["sleep", "600"], env={**os.environ, "KERNELWRIGHT_RECORD": str(record)})
    with hold_folder(folder):
        assert left.wait(10) == -signal.SIGKILL
        assert not any(folder.iterdir())


def test_two_rehearsals_of_one_project_do_not_meet(kernel, source):
    project = kernel()
    with (
        hold_folder(project.build / "rehearsal") as folder,
        pytest.raises(RehearsalUnderWay) as caught,
    ):
        rehearse(project, Plan(source=source))
    assert str(caught.value) == f"{folder}: another rehearsal is under way in it; wait for it, or end it"


def test_a_rehearsal_that_fails_itself_says_so_in_its_report(kernel, source):
    project = kernel()
    (source / "toy-competition" / "train.csv").write_text("id,answer\n" + "z,1\n" * 51)
    with pytest.raises(Exception, match="cannot be padded"):
        rehearse(project, Plan(source=source, phases=["commit"], layouts=["new"]))
    report, page = _report(project)
    assert report["state"] == "failed"
    assert report["note"].startswith("the rehearsal itself failed; 0 of 1 runs were done\nInvalidInput: ")
    assert "the rehearsal itself failed" in page
