import json
import os

import pytest

from kernelwright.errors import InvalidInput
from kernelwright.project.model import load_project
from kernelwright.rehearsal import history, sandbox
from kernelwright.rehearsal.rehearse import Plan, rehearse
from tests.packager.rehearsal.conftest import contents

BEST = sandbox.best()
OTHER = "process" if BEST != "process" else None


@pytest.fixture(params=[BEST, *([pytest.param(OTHER, marks=pytest.mark.full)] if OTHER else [])])
def sandbox_name(request):
    """The best sandbox of this machine; with the heavy tests, the other too."""
    return request.param


def test_both_phases_complete_in_both_layouts_and_the_guard_tells_them_apart(rehearsed, sandbox_name):
    _, report, *_ = rehearsed(sandbox_name)
    layouts = ["old", "new"] if sandbox_name != "process" else ["old"]
    assert [(run.phase, run.mounts) for run in report.runs] == [
        (phase, layout) for phase in ("rerun", "commit") for layout in layouts
    ]
    assert [run.verdict for run in report.runs] == ["Complete"] * len(report.runs), [r.detail for r in report.runs]
    assert {run.phase: run.guard["name"] for run in report.runs} == {"rerun": "RERUN", "commit": "COMMIT"}
    assert {run.phase: run.guard["computes"] for run in report.runs} == {"rerun": True, "commit": False}
    assert report.complete
    assert len(report.comparison) == 3


def test_the_rerun_is_scored_at_each_submission_and_the_commit_keeps_the_sample(rehearsed, sandbox_name):
    _, report, *_ = rehearsed(sandbox_name)
    rerun, commit = report.runs[0], report.runs[-1]
    assert [(s["after"], s["scores"]) for s in rerun.submissions] == [
        ("sample", {}),
        ("answer", {"accuracy": 2 / 3}),
    ]
    assert rerun.scores == {"accuracy": 2 / 3}
    assert (rerun.submission["rows"], rerun.submission["problems"]) == (3, ())
    assert [s["after"] for s in commit.submissions] == ["sample"]
    assert [(stage["name"], stage["count"]) for stage in rerun.stages] == [("answer", 3)]


def test_the_imitated_public_data_has_as_many_distinct_ids_as_the_public(rehearsed, sandbox_name):
    project, *_ = rehearsed(sandbox_name)
    padded = project.rehearsal / "commit-old" / "input" / "toy-competition" / "train.csv"
    lines = padded.read_text().splitlines()
    assert lines[:4] == ["id,answer", "x,1", "y,1", "0,1"]
    assert len({line.partition(",")[0] for line in lines}) == len(lines) == 51


def test_the_report_on_disk_is_the_report(rehearsed, sandbox_name):
    project, report, *_ = rehearsed(sandbox_name)
    written = json.loads((project.build / "rehearsal" / "report.json").read_text())
    assert {"notebook_sha256", "runs", "forecast"} <= set(written)
    assert written["notebook_sha256"] == report.notebook_sha256
    assert (written["state"], written["note"]) == ("ended", "")
    run = written["runs"][0]
    assert (run["phase"], run["mounts"], run["sandbox"], run["verdict"]) == ("rerun", "old", sandbox_name, "Complete")
    assert run["peak_rss_bytes"] > 10_000_000
    assert run["limits"].keys() == {"time", "memory", "disk", "processes"}
    assert set(run["limits"].values()) <= {"enforced", "watched"}
    (entry,) = history.read(project.build / "rehearsal")
    assert (entry["complete"], entry["scores"]) == (True, {"accuracy": 2 / 3})
    assert written["isolation"] == sandbox.OPEN[sandbox_name]
    assert all(cell["seconds"] is not None for cell in run["cells"])
    page = (project.build / "rehearsal" / "report.html").read_text()
    assert page.count('<span class="badge good">Complete</span>') == 1 + len(report.runs)


def test_the_working_folder_ends_with_the_submission_and_nothing_else(rehearsed, sandbox_name):
    project, *_ = rehearsed(sandbox_name)
    working = project.build / "rehearsal" / "rerun-old" / "working"
    assert sorted(path.name for path in working.iterdir()) == ["__notebook__.ipynb", "submission.csv"]


def test_the_log_holds_the_cells_and_ends_with_them(rehearsed, sandbox_name):
    project, *_ = rehearsed(sandbox_name)
    log = (project.build / "rehearsal" / "rerun-old" / "log.txt").read_text()
    assert "Executing Cell" in log
    assert log.splitlines()[-1].startswith("Ending Cell")  # and nothing of an interpreter that fails to end


def test_the_input_is_left_as_it_was(rehearsed, sandbox_name):
    *_, before, after = rehearsed(sandbox_name)
    assert after == before


def test_sources_in_a_dataset_are_mounted_as_they_were_just_built(kernel, source):
    project = kernel(dataset_sources=["OWNER/toy-data", "OWNER/toy-sources"])
    configured = project.root / "pyproject.toml"
    carried = '\ncarrier = "dataset"\nsources_dataset = "toy-sources"\n'
    configured.write_text(configured.read_text().replace('\nscore = "toy:score"\n', f'\nscore = "toy:score"{carried}'))
    (source / "toy-sources").mkdir()
    (source / "toy-sources" / "sources.json").write_text("of an older build")
    before = contents(source)
    report = rehearse(load_project(project.root), Plan(source=source, phases=["rerun"], layouts=["new"]))
    assert report.complete
    assert report.runs[0].scores == {"accuracy": 2 / 3}
    assert report.missing == ()
    assert (project.build / "sources" / "sources.json").is_file()
    assert contents(source) == before


def test_an_input_folder_named_public_serves_the_commit_phase(kernel, source, sandbox_name):
    public = source.with_name("input-public") / "toy-competition"
    public.mkdir(parents=True)
    for name in ("test.csv", "sample_submission.csv"):
        os.link(source / "toy-competition" / name, public / name)
    (public / "train.csv").write_text("id,answer\n" + "z,1\n" * 50)
    plan = Plan(source=source, phases=["commit"], layouts=["new"], sandbox=sandbox_name)
    project = kernel()
    report = rehearse(project, plan)
    assert report.runs[0].guard["name"] == "COMMIT"
    staged = project.rehearsal / "commit-new" / "input"
    assert (staged / "toy-competition" / "train.csv").read_bytes() == (public / "train.csv").read_bytes()
    # What is no competition is the same in both phases, and need not be repeated.
    assert (staged / "toy-data" / "weights.txt").read_text() == "weights\n"
    assert report.missing == ()


PLAIN = """
# %%
import os

import tide_helpers
from kernelwright.runtime import record, submission

submission.copy_sample()
os.mkfifo(record.folder() / "phase.json")
open("submission.csv", "w").write(tide_helpers.ANSWERS)
"""


def test_the_file_that_is_left_is_scored_whoever_wrote_it_and_utility_scripts_are_imported(kernel, source):
    (source / "tide-helpers").mkdir()
    (source / "tide-helpers" / "tide_helpers.py").write_text('ANSWERS = "id,answer\\na,1\\nbb,2\\nccc,9\\n"\n')
    project = kernel(PLAIN, kernel_sources=["ann/tide-helpers"])
    run = rehearse(project, Plan(source=source, phases=["rerun"], layouts=["new"])).runs[0]
    assert run.verdict == "Complete", run.detail
    written = [(one["after"], one["scores"]) for one in run.submissions]
    assert written == [("sample", {}), ("submission.csv", {"accuracy": 1.0})]
    assert (run.scores, run.guard) == ({"accuracy": 1.0}, {})


def test_only_the_runs_that_kaggle_makes_are_rehearsed(kernel, source):
    project = kernel(competition_sources=[])
    assert Plan(source=source, layouts=["old"]).steps(project) == [("commit", "old")]
    assert Plan(source=source, phases=["rerun"], layouts=["old"]).steps(project) == [("commit", "old")]


def test_a_missing_input_folder_is_named_with_the_way_out(kernel, tmp_path):
    with pytest.raises(InvalidInput) as caught:
        rehearse(kernel(), Plan(source=tmp_path / "nowhere"))
    assert str(caught.value) == (f"{tmp_path}/nowhere: no such folder; name an input folder with --input")


def test_a_missing_competition_is_named_with_what_is_there(kernel, source):
    (source / "toy-competition").rename(source / "other-competition")
    with pytest.raises(InvalidInput) as caught:
        rehearse(kernel(), Plan(source=source))
    assert str(caught.value) == (
        f"{source}: no folder toy-competition for the competition; there is: other-competition, toy-data"
    )


def test_fewer_public_rows_than_the_input_has_cannot_be_imitated(kernel, source):
    train = source / "toy-competition" / "train.csv"
    train.write_text("id,answer\n" + "z,1\n" * 51)
    with pytest.raises(InvalidInput, match=r"train.csv: 51 rows cannot be padded to the public 50$"):
        rehearse(kernel(), Plan(source=source, phases=["commit"]))
