"""The built notebook on an input folder with the original notebook's names, and on the mini dataset with DELG."""

import pytest

from kernelwright.project.model import load_project
from kernelwright.rehearsal.rehearse import Plan, rehearse
from tests.kernel import seed_input

pytestmark = pytest.mark.full
MINI = seed_input.ROOT / "build" / "mini"


def reruns(project, source, count):
    plan = Plan(source=source, phases=["rerun"], layouts=["new"])
    for _ in range(count):
        run = rehearse(project, plan).runs[0]
        assert run.verdict == "Complete", run.detail
        yield run, (project.build / "rehearsal" / "rerun-new" / "working" / "submission.csv").read_bytes()


def test_a_full_size_b7_and_delg_write_a_submission_and_two_runs_agree_byte_for_byte(tmp_path):
    source = seed_input.write(tmp_path / "input", MINI)
    project = load_project(seed_input.project(tmp_path / "project"))
    (run, one), (_, other) = reruns(project, source, 2)
    assert (run.submission["rows"], run.submission["problems"]) == (12, ())
    assert [(stage["name"], stage["count"]) for stage in run.stages] == [
        ("embed", 44),
        ("retrieve", 12),
        ("verify", 12),
    ]
    assert one == other
    assert one.startswith(b"id,landmarks\n")
    assert b"\r" not in one


def test_the_mini_dataset_is_recognised_with_delg_features_too(tmp_path):
    project = load_project(seed_input.project(tmp_path / "project"))
    ((run, _),) = reruns(project, MINI, 1)
    before, after = (written["scores"]["GAP"] for written in run.submissions[1:])
    assert after >= 0.90
    assert after > before
