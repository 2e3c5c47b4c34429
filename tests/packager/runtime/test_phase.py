import itertools
import json
import warnings
from dataclasses import replace

import pytest

from kernelwright.runtime import phase

PUBLIC = "paintings/train.csv has the public 2 rows"
HIDDEN = "paintings/train.csv has 1 rows, the public one has 2"
NONE = "no public fingerprint is declared"
DISAGREE = "the signals disagree, so all is computed: "

EVIDENCE = {"public": PUBLIC, "hidden": HIDDEN, "undeclared": NONE}
RERUNS = ["true", "", None]
MARKS = ["KAGGLE_URL_BASE", None]
RUN_TYPES = ["Batch", "Interactive", "Rehearsal", None]
EVERY_COMBINATION = list(itertools.product(EVIDENCE, RERUNS, RUN_TYPES, MARKS))

# rerun, run type, on Kaggle -> what public data does; None stands for any
RERUN_SET = ("RERUN", True, 0, f"{DISAGREE}{PUBLIC}, but KAGGLE_IS_COMPETITION_RERUN is set", True)
PUBLIC_TABLE = {
    (True, "Batch", None): RERUN_SET,
    (True, "Interactive", None): RERUN_SET,
    (True, "Rehearsal", None): RERUN_SET,
    (True, None, None): RERUN_SET,
    (False, "Batch", None): ("COMMIT", False, 3, f"{PUBLIC} and the run type is Batch", False),
    (False, "Interactive", None): ("INTERACTIVE", True, 3, f"{PUBLIC} and the run type is Interactive", False),
    (False, "Rehearsal", None): (
        *("RERUN", True, 0, f"{DISAGREE}{PUBLIC}, but the run type is 'rehearsal', which is unknown", True),
    ),
    (False, None, True): ("COMMIT", False, 3, f"{PUBLIC} and the run type is not given", False),
    (False, None, False): ("LOCAL", True, 0, f"{PUBLIC} and this is not Kaggle", False),
}
# the same -> the name of a run that computes everything
WHOLE_TABLE = {
    (True, "Batch", None): "RERUN",
    (True, "Interactive", None): "RERUN",
    (True, "Rehearsal", None): "RERUN",
    (True, None, None): "RERUN",
    (False, "Batch", None): "RERUN",
    (False, "Interactive", None): "INTERACTIVE",
    (False, "Rehearsal", None): "RERUN",
    (False, None, True): "RERUN",
    (False, None, False): "LOCAL",
}


def expected(data, rerun, run_type, mark):
    key = (bool(rerun), run_type, bool(mark) if run_type is None and not rerun else None)
    return PUBLIC_TABLE[key] if data == "public" else (WHOLE_TABLE[key], True, 0, EVIDENCE[data], False)


@pytest.fixture
def detect(monkeypatch, configure, mount):
    def detect(data="public", rerun=None, run_type=None, mark=None, smoke=3, subset=None):
        mount("paintings/train.csv", "id\n1\n" if data == "hidden" else "id\n1\n2\n")
        configure(smoke=smoke, public={} if data == "undeclared" else {"paintings/train.csv": {"rows": 2}})
        variables = {"KAGGLE_IS_COMPETITION_RERUN": rerun, "KAGGLE_KERNEL_RUN_TYPE": run_type}
        for name, value in variables.items():
            monkeypatch.delenv(name, raising=False) if value is None else monkeypatch.setenv(name, value)
        if mark:
            monkeypatch.setenv(mark, "kaggle")
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            found = phase.detect(subset=subset)
        return found, [str(one.message) for one in caught]

    return detect


@pytest.mark.parametrize(("data", "rerun", "run_type", "mark"), EVERY_COMBINATION)
def test_the_guard_follows_its_table(detect, data, rerun, run_type, mark):
    name, computes, smoke, why, warns = expected(data, rerun, run_type, mark)
    found, warned = detect(data, rerun, run_type, mark)
    assert found == phase.Phase(name=phase.Name(name), computes=computes, smoke=smoke, why=why)
    assert warned == ([why] if warns else [])


@pytest.mark.parametrize("data", ["hidden", "undeclared"])
@pytest.mark.parametrize(("rerun", "run_type", "mark"), itertools.product(RERUNS, RUN_TYPES, MARKS))
def test_only_public_data_is_ever_not_computed(detect, data, rerun, run_type, mark):
    assert detect(data, rerun, run_type, mark)[0].computes


@pytest.mark.parametrize("value", ["1", "true", "True", "yes", "anything"])
def test_the_rerun_variable_is_read_for_truth(detect, value):
    assert detect(rerun=value, run_type="Batch")[0].name == "RERUN"


@pytest.mark.parametrize("value", ["", " ", "0", "false", "False", "no"])
def test_a_rerun_variable_that_says_no_is_no(detect, value):
    assert detect(rerun=value, run_type="Batch")[0].name == "COMMIT"


@pytest.mark.parametrize(
    ("run_type", "name"), [("BATCH", "COMMIT"), ("batch", "COMMIT"), ("interactive", "INTERACTIVE")]
)
def test_the_case_of_a_run_type_does_not_matter(detect, run_type, name):
    assert detect(run_type=run_type)[0].name == name


@pytest.mark.parametrize("mark", phase.MARKS)
def test_each_mark_of_kaggle_tells_it(detect, mark):
    assert detect()[0].name == "LOCAL"
    assert detect(mark=mark)[0].name == "COMMIT"


def test_the_working_folder_tells_kaggle(detect, tmp_path):
    (tmp_path / "working").mkdir()
    assert detect()[0].name == "COMMIT"


def test_no_smoke_queries_in_a_commit_means_only_copying(detect):
    assert detect(run_type="Batch", smoke=0)[0].smoke == 0


def test_the_editor_runs_a_few_queries_even_where_a_commit_runs_none(detect):
    assert detect(run_type="Interactive", smoke=0)[0].smoke == 4


@pytest.mark.parametrize(("data", "rerun", "run_type", "mark"), EVERY_COMBINATION)
def test_a_debug_subset_changes_how_many_queries_are_tried_and_nothing_else(detect, data, rerun, run_type, mark):
    whole, debug = detect(data, rerun, run_type, mark)[0], detect(data, rerun, run_type, mark, subset=10)[0]
    assert debug == replace(whole, smoke=0 if whole.name == "RERUN" else 10)


def test_a_debug_subset_in_a_rerun_is_warned_of(detect):
    assert detect("hidden", "true", "Batch", subset=10)[1] == [
        "the debug subset of 10 is for public data; in a rerun all is computed"
    ]


def test_data_that_is_missing_is_computed(configure, monkeypatch):
    configure(public={"paintings/train.csv": {"rows": 2}})
    monkeypatch.setenv("KAGGLE_KERNEL_RUN_TYPE", "Batch")
    assert phase.detect() == phase.Phase(
        name=phase.Name.RERUN, computes=True, smoke=0, why="paintings/train.csv is not mounted"
    )


def test_a_name_prints_as_the_word_it_equals(detect):
    found, _ = detect(rerun="1")
    assert f"{found.name}" == str(found.name) == "RERUN"


def test_the_decision_is_recorded_where_a_record_is_kept(monkeypatch, tmp_path):
    monkeypatch.setenv("KERNELWRIGHT_RECORD", str(tmp_path / "record"))
    decided = phase.detect()
    assert json.loads((tmp_path / "record" / "phase.json").read_text()) == {
        "name": "LOCAL",
        "computes": True,
        "smoke": 0,
        "why": decided.why,
    }
