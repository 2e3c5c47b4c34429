import pytest

from tests.packager.kaggle_calls import run
from tests.packager.loopback import Fault
from tests.packager.ship.ships import recorded, ship


def test_a_version_is_submitted_once_and_its_score_awaited(kaggle, project):
    push, _ = ship(project)
    status, lines, errors = run(kaggle, project, "submit", "--yes", "--poll", "0.05")
    assert (status, errors) == (0, [])
    assert lines == [
        "toy-competition: 5 submissions left today",
        "toy-competition: pending",
        "toy-competition: version 1: public 0.5",
    ]
    (entry,) = kaggle.submissions
    assert entry["sent"]["kernelVersion"] == 1
    assert entry["description"] == f"kernelwright v1 commit {push.commit[:12]} notebook {push.notebook[:12]}"
    assert run(kaggle, project, "submit", "--yes", "--poll", "0.05")[1] == ["toy-competition: version 1: public 0.5"]
    assert len(kaggle.submissions) == 1
    assert recorded(project) == ["pushed", "submitted"]


@pytest.mark.full
def test_a_version_submitted_again_is_not_told_by_its_first_submission(kaggle, project):
    ship(project)
    kaggle.score = {"status": "ERROR"}
    assert run(kaggle, project, "submit", "--yes", "--poll", "0.05")[0] == 1
    kaggle.score = {"status": "COMPLETE", "publicScore": "0.7"}
    kaggle.listing_lag = 2
    status, lines, errors = run(kaggle, project, "submit", "--again", "--yes", "--poll", "0.05")
    assert (status, errors) == (0, [])
    assert lines[1:] == [
        "toy-competition: not listed yet",
        "toy-competition: pending",
        "toy-competition: version 1: public 0.7",
    ]
    assert len(kaggle.submissions) == 2


@pytest.mark.full
@pytest.mark.parametrize("score", [{"status": "ERROR"}, {"status": "COMPLETE", "publicScore": ""}])
def test_an_errored_rerun_is_named_as_such(kaggle, project, score):
    kaggle.score = score
    ship(project)
    status, _, errors = run(kaggle, project, "submit", "--yes", "--poll", "0.05")
    word = score["status"].lower()
    assert (status, errors) == (
        1,
        [
            f"toy-competition: version 1: {word} without a score: the rerun on hidden data failed, "
            "and Kaggle shows no traceback; rehearse its rerun phase"
        ],
    )


@pytest.mark.full
def test_without_a_submission_left_or_a_yes_nothing_is_submitted(kaggle, project):
    ship(project)
    status, _, errors = run(kaggle, project, "submit")
    assert (status, errors[-1]) == (2, "Error: Invalid value for --yes: needed, because nobody is here to be asked")
    kaggle.allowed = 0
    status, _, errors = run(kaggle, project, "submit", "--yes")
    assert (status, errors) == (
        1,
        ["toy-competition: no submission is left today; the count starts again at midnight UTC"],
    )
    assert kaggle.submissions == []


@pytest.mark.full
def test_only_a_version_pushed_from_here_is_submitted(kaggle, project):
    status, _, errors = run(kaggle, project, "submit", "--version", "3")
    assert (status, errors) == (1, ["alice/toy-kernel: no such version was pushed from here; there is: none"])


@pytest.mark.full
@pytest.mark.parametrize("body", [{}, {"error": "not now"}])
def test_a_submission_kaggle_does_not_confirm_is_not_waited_for(kaggle, project, body):
    ship(project)
    kaggle.faults = [Fault(call="CreateCodeSubmission", status=200, body=body)]
    status, _, (error,) = run(kaggle, project, "submit", "--yes", "--poll", "0.05")
    assert (status, recorded(project)) == (1, ["pushed"])
    assert error.startswith("kaggle competitions submit: ")


@pytest.mark.full
def test_a_submission_cut_off_after_kaggle_took_it_is_waited_for_and_recorded(kaggle, project):
    ship(project)
    kaggle.faults = [Fault(call="CreateCodeSubmission", cut=True, after=True)]
    assert run(kaggle, project, "submit", "--yes", "--poll", "0.05")[0] == 1
    assert run(kaggle, project, "submit", "--yes", "--poll", "0.05")[1] == ["toy-competition: version 1: public 0.5"]
    assert run(kaggle, project, "submit", "--yes", "--poll", "0.05")[0] == 0
    assert (len(kaggle.submissions), recorded(project)) == (1, ["pushed", "submitted"])


@pytest.mark.full
def test_a_submission_kaggle_does_not_list_yet_is_not_made_twice(kaggle, project, monkeypatch):
    ship(project)
    kaggle.faults = [Fault(call="CreateCodeSubmission", cut=True, after=True)]
    assert run(kaggle, project, "submit", "--yes", "--poll", "0.05")[0] == 1
    listed, looks = kaggle.list_submissions, iter(range(3))
    monkeypatch.setattr(kaggle, "list_submissions", lambda body: {} if next(looks, None) is not None else listed(body))
    assert run(kaggle, project, "submit", "--yes", "--poll", "0.05")[0] == 0
    looks = iter(range(3))
    assert run(kaggle, project, "submit", "--yes", "--poll", "0.05")[0] == 0
    assert (len(kaggle.submissions), recorded(project)) == (1, ["pushed", "submitted"])
    assert not (project / ".kernelwright/pushing.json").exists()


@pytest.mark.full
@pytest.mark.parametrize("poll", ["0", "-1", "nan", "inf"])
def test_a_pace_that_is_no_time_is_wrong_usage(kaggle, project, poll):
    status, _, errors = run(kaggle, project, "submit", "--yes", "--poll", poll)
    assert (status, kaggle.calls) == (2, [])
    assert errors[-1] == f"Error: Invalid value for '--poll': {poll} is no time to wait; give seconds above 0"
