from tests.packager import shipped
from tests.packager.check.surveyed import found, with_module


def test_a_rehearsal_that_is_missing_is_unready(tmp_path):
    project = shipped.make(tmp_path)
    assert [(one.severity, one.message) for one in found(project, "rehearsal")] == [
        ("unready", "this notebook was not rehearsed")
    ]


def test_a_rehearsal_of_other_bytes_is_unready(tmp_path):
    project = shipped.ready(tmp_path)
    with_module(project, "\nMORE = 1\n")
    shipped.build(project)
    assert [(one.severity, one.message) for one in found(project, "rehearsal")] == [
        ("unready", "stale: another notebook was rehearsed")
    ]


def test_a_rehearsal_of_one_phase_is_unready(tmp_path):
    project = shipped.ready(tmp_path)
    shipped.rehearse(project, phases=("commit",))
    assert [(one.severity, one.message) for one in found(project, "rehearsal")] == [
        ("unready", "the rerun phase was not rehearsed")
    ]


def test_a_rehearsal_of_these_bytes_that_failed_is_an_error(tmp_path):
    project = shipped.ready(tmp_path)
    shipped.rehearse(project, verdict="Notebook Timeout", phases=("rerun", "commit"))
    assert [(one.severity, one.message) for one in found(project, "rehearsal")] == [
        ("error", "rerun, new mounts: Notebook Timeout: as told"),
        ("error", "commit, new mounts: Notebook Timeout: as told"),
    ]


def test_a_report_that_is_none_is_unready(tmp_path):
    project = shipped.ready(tmp_path)
    (project / "build/rehearsal/report.json").write_text("[]")
    assert [one.message for one in found(project, "rehearsal")] == ["not a report of a rehearsal"]


def test_a_report_without_runs_is_unready(tmp_path):
    project = shipped.ready(tmp_path)
    (project / "build/rehearsal/report.json").write_text('{"runs": null, "notebook_sha256": "x"}')
    assert [(one.severity, one.message) for one in found(project, "rehearsal")] == [
        ("unready", "not a report of a rehearsal")
    ]
