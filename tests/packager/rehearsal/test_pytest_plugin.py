import subprocess
import sys

TEST = """
import pytest

from kernelwright.rehearsal.resource_limits import Limits


def test_a_run(rehearsal):
    done = rehearsal({source!r})
    assert [run.verdict for run in done.runs] == ["Complete"], [run.detail for run in done.runs]
    assert done.runs[0].scores == {{"accuracy": 2 / 3}}
    assert (done.working(done.runs[0]) / "submission.csv").read_text() == "id,answer\\na,1\\nbb,2\\nccc,3\\n"



def test_a_limit(rehearsal):
    assert rehearsal({source!r}, limits=Limits(hours=0)).runs[0].verdict == "Notebook Timeout"
"""


def test_a_kernels_own_tests_can_rehearse_it(kernel, source):
    root = kernel().root
    (root / "test_toy.py").write_text(TEST.format(source=str(source)))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_toy.py"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert "2 passed" in done.stdout, done.stdout + done.stderr
