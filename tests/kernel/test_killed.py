"""What a rerun on the mini dataset leaves when it is ended from outside: by kill -9, by SIGTERM, by a full disk.

``python -m tests.kernel.test_killed 50`` kills it at so many random moments, and prints how often which file was left;
there on few images, with the libraries imported before, so that it ends in minutes.
"""

import csv
import json
import multiprocessing
import os
import random
import runpy
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from benchmarks.forecast import photograph
from kernelwright.runtime import submission_rules
from kernelwright.runtime.submission_rules import Sample

pytestmark = pytest.mark.full

ROOT = Path(__file__).parents[2]
DRIVER = ROOT / "kernel_src" / "main.py"
MINI = ROOT / "build" / "mini"
FEW = 16
NOTHING, SAMPLE, RETRIEVAL, VERIFICATION = range(-1, 3)
SMALL_DISK = (
    'mount -t tmpfs -o size=4k none "$1" && cd "$1" && "$2" "$3"; status=$?; cp submission.csv ..; exit $status'
)
UNSHARE = ("unshare", "--user", "--map-root-user", "--mount")


class Rerun:
    """The driver, as the hidden rerun starts it, in a process and a folder of its own."""

    def __init__(self, folder: Path, *, source: Path = MINI, small_disk: bool = False) -> None:
        self.source = source
        self.record, self.working, self.log_file = folder / "record", folder / "working", folder / "log"
        self.working.mkdir(parents=True)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("KAGGLE_", "KERNELWRIGHT_"))}
        inputs = {"KERNELWRIGHT_INPUT": str(source), "KERNELWRIGHT_RECORD": str(self.record)}
        driver = [sys.executable, str(DRIVER)]
        command = [*UNSHARE, "sh", "-c", SMALL_DISK, "sh", str(self.working), *driver] if small_disk else driver
        self.start(command, {**kept, **inputs, "KAGGLE_IS_COMPETITION_RERUN": "true"})

    def start(self, command: list[str], environment: dict[str, str]) -> None:
        with self.log_file.open("w") as log:
            self.process = subprocess.Popen(
                command, cwd=self.working, env=environment, stdout=log, stderr=subprocess.STDOUT
            )

    def kill(self) -> None:
        self.process.kill()
        self.wait()

    def wait(self) -> int:
        return self.process.wait()

    def rows(self) -> dict[str, str]:
        """Return the submission on disk, which is valid."""
        with (self.working / "submission.csv").open(newline="") as file:
            header, *rows = csv.reader(file)
        sample = Sample.read(self.source / "landmark-recognition-2021" / "sample_submission.csv")
        assert submission_rules.problems(header, rows, sample) == []
        return dict(rows)

    def reached(self) -> int:
        """Return the last step whose submission was recorded, which is done after the file is in its place."""
        listing = self.record / "submissions.json"
        return len(json.loads(listing.read_bytes())) - 1 if listing.exists() else NOTHING


class Preloaded(Rerun):
    """The same where the libraries are imported already, which takes longer than a run on few images."""

    processes = multiprocessing.get_context("forkserver")

    def start(self, command: list[str], environment: dict[str, str]) -> None:
        self.process = self.processes.Process(target=_drive, args=(self.working, environment, self.log_file))
        self.process.start()

    def wait(self) -> int:
        self.process.join()
        return self.process.exitcode


def _drive(working: Path, environment: dict[str, str], log_file: Path) -> None:
    log = os.open(log_file, os.O_CREAT | os.O_WRONLY)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.chdir(working)
    os.environ |= environment
    runpy.run_path(str(DRIVER))


@dataclass(frozen=True, kw_only=True)
class Whole:
    """A run that nobody ended: its submissions, and how long it took."""

    submissions: list[bytes]
    seconds: float
    source: Path


def run_whole(folder: Path, source: Path = MINI, kind: type[Rerun] = Rerun) -> Whole:
    started, rerun = time.monotonic(), kind(folder, source=source)
    assert rerun.wait() == 0, rerun.log_file.read_text()
    assert rerun.reached() == VERIFICATION
    steps = [(rerun.record / f"submission.{step}.csv").read_bytes() for step in range(VERIFICATION + 1)]
    assert len(set(steps)) == len(steps)
    assert rerun.rows()
    return Whole(submissions=steps, seconds=time.monotonic() - started, source=source)


def kill(folder: Path, whole: Whole, after: float, kind: type[Rerun] = Rerun) -> int:
    """Kill a run after so many seconds; return which step's submission is left, and check that it is whole."""
    rerun = kind(folder, source=whole.source)
    time.sleep(after)
    rerun.kill()
    left = rerun.working / "submission.csv"
    step = whole.submissions.index(left.read_bytes()) if left.exists() else NOTHING
    assert step >= rerun.reached(), f"killed after {after} s: step {step} is on disk, {rerun.reached()} was reached"
    return step


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return run_whole(tmp_path_factory.mktemp("whole") / "run")


def test_kill_9_leaves_a_whole_submission_as_good_as_the_step_reached(whole, tmp_path):
    moments = random.Random(16)
    steps = [kill(tmp_path / str(run), whole, moments.uniform(0, whole.seconds)) for run in range(8)]
    assert set(steps) <= {NOTHING, SAMPLE, RETRIEVAL, VERIFICATION}
    assert max(steps) > NOTHING


def test_the_sample_is_there_long_before_the_libraries(whole, tmp_path):
    rerun = Rerun(tmp_path / "run")
    while rerun.reached() < SAMPLE:
        assert rerun.process.poll() is None
        time.sleep(0.01)
    maps = Path(f"/proc/{rerun.process.pid}/maps").read_text()
    rerun.kill()
    assert rerun.rows()
    assert "tensorflow" not in maps


def test_sigterm_hands_in_what_was_verified_so_far(whole, tmp_path):
    rerun = Rerun(tmp_path / "run")
    while len([*(rerun.record / "matches").glob("*.json")]) < 9:  # eight are worked on ahead of the first
        assert rerun.process.poll() is None
        time.sleep(0.01)
    rerun.process.send_signal(signal.SIGTERM)
    assert rerun.wait() == 0
    before, after = (dict(csv.reader(text.decode().splitlines())) for text in whole.submissions[RETRIEVAL:])
    rows = {"id": "landmarks", **rerun.rows()}
    verified = {query for query in rows if rows[query] == after[query] != before[query]}
    assert 0 < len(verified) < 35
    assert {query: rows[query] for query in rows if query not in verified} == {
        query: cell for query, cell in before.items() if query not in verified
    }
    assert ", ended by SIGTERM" in rerun.log_file.read_text()


def test_on_a_full_disk_the_submission_before_stays_and_the_run_goes_on(whole, tmp_path):
    if subprocess.run([*UNSHARE, "true"], capture_output=True, check=False).returncode:
        pytest.skip("user namespaces are not allowed here")
    rerun = Rerun(tmp_path / "run", small_disk=True)
    assert rerun.wait() == 0
    assert (tmp_path / "run" / "submission.csv").read_bytes() == whole.submissions[SAMPLE]
    log = rerun.log_file.read_text()
    assert log.count("OSError: [Errno 28] No space left on device") == 2
    assert "after verification: 36 of 36 queries recognised" in log


def main(times: int) -> None:
    """Kill so many runs at random moments, and count what they leave."""
    names = {NOTHING: "none yet", SAMPLE: "sample", RETRIEVAL: "retrieval", VERIFICATION: "verification"}
    os.environ["PYTHONPATH"] = os.pathsep.join([str(DRIVER.parent), *sys.path])  # for the server of forks
    scratch = Path(tempfile.mkdtemp())
    try:
        photograph(MINI, scratch / "input", FEW)
        Preloaded.processes.set_forkserver_preload(["landmarks.pipeline", "landmarks.visualise"])
        run_whole(scratch / "first", scratch / "input", Preloaded)  # which waits for the libraries
        whole = run_whole(scratch / "whole", scratch / "input", Preloaded)
        moments, left = random.Random(), Counter[str]()
        for number in range(times):
            after = moments.uniform(0, whole.seconds)
            step = kill(scratch / str(number), whole, after, Preloaded)
            left[names[step]] += 1
            sys.stdout.write(f"{number + 1}: killed after {after:.2f} s, left: {names[step]}\n")
            sys.stdout.flush()
        sys.stdout.write(f"{times} runs of {whole.seconds:.0f} s killed, each submission whole: {dict(left)}\n")
    finally:
        shutil.rmtree(scratch)


if __name__ == "__main__":
    main(int(sys.argv[1]))
