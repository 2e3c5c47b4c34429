from kernelwright.rehearsal.comparison import compare
from tests.packager.rehearsal.test_html_report import run

RIGHT = {"name": "RERUN", "computes": True, "smoke": 0, "why": "", "right": True}


def wrote(rows=3, ids="x", sample="s", is_sample=False):
    facts = {"sha256": ids, "ids_sha256": ids, "sample_sha256": sample}
    return {"rows": rows, "problems": [], "is_sample": is_sample, **facts}


def test_runs_that_agree_hold_every_claim():
    runs = [run(guard=RIGHT, submission=wrote()), run(phase="commit", guard=RIGHT, submission=wrote(is_sample=True))]
    assert [(claim.says, claim.holds) for claim in compare(runs)] == [
        ("the guard takes each run for what it is", True),
        ("the rerun leaves no sample behind", True),
        ("every run writes the rows its sample asks for", True),
    ]


def test_each_disagreement_is_named():
    runs = [
        run(guard=RIGHT | {"right": False, "name": "COMMIT"}, submission=wrote(is_sample=True)),
        run(phase="commit", guard=RIGHT, submission=wrote(rows=2, ids="y")),
    ]
    assert [(claim.holds, claim.detail) for claim in compare(runs)] == [
        (False, "rerun, new: COMMIT; commit, new: RERUN"),
        (False, "still the sample: new mounts"),
        (False, "rerun, new: 3 rows; commit, new: 2 rows"),
    ]


def test_a_public_input_may_have_rows_of_its_own():
    runs = [run(submission=wrote()), run(phase="commit", submission=wrote(rows=9, ids="y", sample="t"))]
    assert all(claim.holds for claim in compare(runs))


def test_nothing_is_claimed_of_runs_that_wrote_nothing():
    assert compare([run(guard={}, submission=wrote(rows=0, ids="", sample=""))]) == []
