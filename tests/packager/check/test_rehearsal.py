import json

import pytest

from kernelwright.check.rehearsal import ran_offline, rehearsal
from tests.packager import shipped
from tests.packager.check.surveyed import assembled, with_module


@pytest.fixture
def project(tmp_path):
    folder = shipped.make(tmp_path)
    shipped.build(folder)
    shipped.rehearse(folder)
    return folder


SOURCES = ("competition_sources", "dataset_sources", "kernel_sources", "model_sources")


def codes(project):
    return [problem.code for problem in rehearsal(assembled(project))]


def change(project, **changes):
    """Change keys of the report."""
    file = project / "build/rehearsal/report.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changes), "utf-8")


def run(phase="rerun", verdict="Complete", **more):
    return {"phase": phase, "mounts": "new", "verdict": verdict, "detail": "as told"} | more


def test_a_rehearsal_of_these_bytes_that_was_complete_is_no_problem(project):
    assert codes(project) == []


def test_a_rehearsal_that_is_missing_or_of_other_bytes_is_unready(project):
    with_module(project, "\nMORE = 1\n")
    assert codes(project) == ["KW913"]
    (project / "build/rehearsal/report.json").unlink()
    assert codes(project) == ["KW911"]


def test_a_rehearsal_of_one_phase_is_unready(project):
    shipped.rehearse(project, phases=("commit",))
    assert codes(project) == ["KW915"]


def test_a_rehearsal_in_one_layout_is_a_warning_where_something_is_mounted(project):
    change(project, runs=[run(), run("commit")])
    assert [(problem.code, problem.message) for problem in rehearsal(assembled(project))] == [
        ("KW917", "rehearsed in the new mounts alone; Kaggle may use either layout")
    ]
    metadata = project / "kernel-metadata.json"
    metadata.write_text(json.dumps(json.loads(metadata.read_text()) | {name: [] for name in SOURCES}))
    assert "KW917" not in codes(project)


@pytest.mark.parametrize("state", ["running", "interrupted", "failed"])
def test_a_rehearsal_that_did_not_end_is_unready_though_all_its_runs_were_complete(project, state):
    change(project, state="ended")
    assert codes(project) == []
    change(project, state=state)
    assert codes(project) == ["KW914"]


def test_each_run_that_failed_is_an_error_with_its_verdict(project):
    shipped.rehearse(project, verdict="Notebook Timeout")
    assert [(problem.code, problem.message) for problem in rehearsal(assembled(project))] == [
        ("KW916", f"{phase}, {layout} mounts: Notebook Timeout: as told")
        for phase in ("rerun", "commit")
        for layout in ("old", "new")
    ]


def test_a_claim_over_all_runs_that_does_not_hold_is_an_error(project):
    claims = [{"says": "rows agree", "holds": holds, "detail": "3 and 4"} for holds in (True, False)]
    change(project, comparison=claims[:1])
    assert codes(project) == []
    change(project, comparison=claims)
    assert [(problem.code, problem.message) for problem in rehearsal(assembled(project))] == [
        ("KW918", "not so: rows agree: 3 and 4")
    ]


def test_a_run_that_failed_in_a_cell_of_the_driver_names_its_line(project):
    built = assembled(project).built
    cell = next(cell for cell in built.cells if cell.source.startswith("submission.write"))
    cells = [{"id": "another", "failed": False}, {"id": cell.id, "failed": True}]
    change(project, runs=[run(mounts="old"), run("commit", "Notebook Threw Exception", cells=cells)])
    (problem,) = rehearsal(assembled(project))
    line = shipped.DRIVER.split("\n").index('submission.write(rows, header=["id", "answer"])') + 1
    assert problem.message == f"commit, new mounts: Notebook Threw Exception: main.py:{line}: as told"


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "{",
        "\ufeff{}",
        "null",
        '{"runs": null, "notebook_sha256": "x"}',
        '{"runs": [3], "notebook_sha256": "x"}',
        '{"runs": []}',
        "[" * 100_000,
    ],
)
def test_what_is_no_report_is_unready(project, text):
    (project / "build/rehearsal/report.json").write_text(text)
    assert codes(project) == ["KW912"]


@pytest.mark.parametrize("odd", [None, [], 3, "x", [3], [None], {"id": 1}])
def test_odd_values_in_a_report_are_no_traceback(project, odd):
    change(project, state=odd, runs=[dict.fromkeys(("phase", "mounts", "verdict", "detail", "cells", "hosts"), odd)])
    assert set(codes(project)) <= {"KW912", "KW914", "KW915", "KW916", "KW917"}
    assert codes(project)


@pytest.mark.parametrize(
    ("runs", "offline"),
    [
        ([run(hosts=[]), run("commit", hosts=[])], True),
        ([run(hosts=[]), run("commit", hosts=["example.org"])], False),
        ([run(), run("commit")], False),
        ([run(hosts=[])], False),
        ([run(hosts=[]), run("commit", "Notebook Timeout", hosts=[])], False),
    ],
)
def test_a_rehearsal_ran_offline_where_it_was_complete_and_asked_for_no_host(project, runs, offline):
    change(project, runs=runs)
    assert ran_offline(assembled(project)) is offline


def test_no_rehearsal_ran_offline_where_there_is_none(tmp_path):
    assert not ran_offline(assembled(shipped.make(tmp_path)))
