"""What the report says of a run, without running any."""

import json

import pytest

from kernelwright.project.model import load_project
from kernelwright.rehearsal import evaluation
from kernelwright.rehearsal.resource_limits import Usage
from kernelwright.rehearsal.run import Outcome
from kernelwright.rehearsal.run_directory import RunDirectory, RunSpec

GOOD = "id,answer\na,1\nbb,2\nccc,3\n"
SAMPLE = "id,answer\na,0\nbb,0\nccc,0\n"


@pytest.fixture
def evaluate(kernel, source, tmp_path):
    """Evaluate what a run left: files of the working folder and of the record, by their texts."""
    root = kernel().root

    def evaluate(working, record=(), phase="rerun"):
        directory = RunDirectory.below(tmp_path / f"run-{len([*tmp_path.iterdir()])}")
        directory.make()
        (directory.input / "toy-competition").mkdir(parents=True)
        (directory.input / "toy-competition" / "sample_submission.csv").write_text(SAMPLE)
        for folder, files in ((directory.working, dict(working)), (directory.record, dict(record))):
            for name, text in files.items():
                (folder / name).write_text(text)
        outcome = Outcome(seconds=1, exception=None, usage=Usage(), notebook={"cells": []}, hosts=(), log="")
        spec = RunSpec(directory=directory, phase=phase, layout="new")
        return evaluation.evaluate(load_project(root), source, spec, "process", outcome)

    evaluate.root = root
    return evaluate


def listing(*names):
    entries = [{"file": f"submission.{number}.csv", "after": name, "rows": 3} for number, name in enumerate(names)]
    return {"submissions.json": json.dumps(entries)}


def guard(name, **facts):
    return {"phase.json": json.dumps({"name": name, "computes": False, "smoke": 2, "why": "as declared", **facts})}


def test_the_file_that_is_left_has_the_score_and_the_sample_has_none_beside_it(evaluate):
    record = listing("sample", "answer") | {"submission.0.csv": SAMPLE, "submission.1.csv": GOOD}
    recorded = evaluate({"submission.csv": GOOD}, record)
    assert [(one["after"], one["scores"]) for one in recorded.submissions] == [
        ("sample", {}),
        ("answer", {"accuracy": 2 / 3}),
    ]
    other = evaluate({"submission.csv": GOOD.replace("ccc,3", "ccc,9")}, record)
    assert [one["after"] for one in other.submissions] == ["sample", "answer", "submission.csv"]
    assert other.scores == {"accuracy": 1.0}


def test_a_score_hook_that_fails_is_shown_and_changes_no_verdict(evaluate):
    (evaluate.root / "toy" / "__init__.py").write_text("def score(*_):\n    raise RuntimeError('no truth in it')\n")
    run = evaluate({"submission.csv": GOOD})
    assert (run.verdict, run.scores) == ("Complete", {})
    assert run.score_problem.startswith("the hook toy:score failed:\n")
    assert run.score_problem.endswith("RuntimeError: no truth in it")


def test_the_guard_is_said_to_copy_the_sample_only_where_it_was_left(evaluate):
    left = evaluate({"submission.csv": SAMPLE}, guard("COMMIT"), phase="commit")
    assert (left.verdict, left.guard_decision) == ("Complete", "COMMIT: copies the sample after 2 smoke queries")
    assert evaluate({"submission.csv": GOOD}, guard("COMMIT"), phase="commit").guard_decision == (
        "COMMIT: 2 smoke queries"
    )


def test_a_guard_that_takes_the_rerun_for_a_commit_is_a_scoring_error(evaluate):
    run = evaluate({"submission.csv": GOOD}, guard("COMMIT"))
    assert (run.verdict, run.detail) == (
        "Submission Scoring Error",
        "the guard took the rerun run for COMMIT: as declared",
    )


LONG = json.dumps([{"file": "a" * 5_000}, {"file": "a\0b"}])


@pytest.mark.parametrize(
    "text", ["[", "7", "[[]]", '[{"file": "../../score.json"}]', LONG, '{"name": 1}', "[" * 99_999]
)
def test_a_record_that_a_kernel_meddled_with_is_passed_over(evaluate, text):
    record = dict.fromkeys(("phase.json", "stages.json", "submissions.json"), text)
    run = evaluate({"submission.csv": GOOD}, record)
    assert (run.verdict, run.guard, run.stages) == ("Complete", {}, [])
    assert [one["after"] for one in run.submissions] == ["submission.csv"]
