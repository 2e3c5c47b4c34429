import pytest
from hypothesis import given
from hypothesis import strategies as st

from landmarks.errors import InvalidData, InvalidPredictions
from landmarks.gap import global_average_precision, precision_by_rank, read_scores, score
from tests.kernel.reference import judgement

A_TRUTH = {
    "0123456789abcdef": ["0", "12"],
    "0223456789abcdef": ["100", "200", "300"],
    "0323456789abcdef": ["1"],
    "0423456789abcdef": [],
    "0523456789abcdef": [],
}
A = [("0223456789abcdef", "0", 0.01), ("0323456789abcdef", "1", 10), ("0423456789abcdef", "150", 15)]

Z = "0" * 15
B_TRUTH = {
    f"{Z}a": ["11"],
    f"{Z}b": ["22", "23"],
    f"{Z}c": ["33"],
    f"{Z}d": [],
    f"{Z}e": ["44"],
    f"{Z}f": [],
    "0000000000000010": ["55"],
}
B = {"a": ("11", 1.9), "d": ("77", 1.7), "b": ("23", 1.5), "c": ("34", 1.2), "e": ("44", 0.8), "f": ("11", 0.8)}


def b(**scores):
    return [(Z + letter, label, scores.get(letter, value)) for letter, (label, value) in B.items()]


def test_vector_a_with_and_without_images_that_show_no_landmark():
    assert global_average_precision(A, A_TRUTH) == pytest.approx(1 / 6, abs=1e-12)
    assert global_average_precision(A, A_TRUTH, ignore_without_truth=True) == pytest.approx(1 / 3, abs=1e-12)


@pytest.mark.parametrize(
    ("predictions", "value"),
    [
        (b(), (1 + 2 / 3 + 3 / 5) / 5),
        (b(d=0.1), 0.55),
        (b(**dict.fromkeys("abcdef", 1.0)), 0.52),
        ([(one, label, 1000 * value + 5) for one, label, value in b()], (1 + 2 / 3 + 3 / 5) / 5),
        (b(f=0.9), (1 + 2 / 3 + 3 / 6) / 5),
        ([*reversed(b())], (1 + 2 / 3 + 3 / 5) / 5),
        ([], 0),
    ],
    ids=["as given", "d late", "all equal", "scaled", "f before e", "in another order", "none"],
)
def test_vector_b(predictions, value):
    assert global_average_precision(predictions, B_TRUTH) == pytest.approx(value, abs=1e-12)


@st.composite
def judged(draw):
    ids = draw(st.lists(st.sampled_from("abcdefgh"), unique=True, min_size=1))
    truth = {one: draw(st.lists(st.sampled_from("123"), max_size=2)) for one in ids}
    chosen = draw(st.lists(st.sampled_from(ids), unique=True))
    return [(one, draw(st.sampled_from("1234")), draw(st.sampled_from([-1.0, 0.5, 0.5, 2.0]))) for one in chosen], truth


@given(judged())
def test_gap_is_that_of_the_reference(case):
    predictions, truth = case
    assert global_average_precision(predictions, truth) == pytest.approx(float(judgement.gap(predictions, truth)))


@given(judged(), st.sampled_from([lambda x: 1000 * x + 5, lambda x: x**3, lambda x: x / 7]))
def test_only_the_order_of_the_scores_counts(case, rising):
    predictions, truth = case
    moved = [(one, label, rising(value)) for one, label, value in predictions]
    assert global_average_precision(moved, truth) == global_average_precision(predictions, truth)


@given(judged())
def test_a_prediction_behind_all_others_never_lowers_gap(case):
    predictions, truth = case
    for last in set(truth) - {one for one, _, _ in predictions}:
        more = [*predictions, (last, "1", -9.0)]
        assert global_average_precision(more, truth) >= global_average_precision(predictions, truth)


def test_precision_is_told_from_the_surest_prediction_on():
    predictions = [("a", "1", 0.5), ("b", "9", 0.9), ("c", "3", 0.7)]
    points = precision_by_rank(predictions, {"a": ["1"], "b": [], "c": ["3"]})
    assert points == [(False, 0.0), (True, 0.5), (True, 2 / 3)]


def test_no_landmark_anywhere_scores_nothing():
    assert global_average_precision([("a", "1", 1.0)], {"a": []}) == 0


def test_repeated_and_unknown_ids_and_a_score_that_is_no_number_are_all_named():
    with pytest.raises(ValueError, match="is") as error:
        global_average_precision([("a", "1", 1), ("a", "1", 1), ("x", "1", float("nan"))], {"a": ["1"]})
    assert str(error.value) == ("id a is repeated\nid x is not in the truth\nid x: the score is not a number")


def files(folder, submission, truth="id,landmarks\na,11 12\nb,\nc,13\n"):
    (folder / "submission.csv").write_text(submission)
    (folder / "truth.csv").write_text(truth)
    return folder / "submission.csv", folder / "truth.csv"


def test_files_are_scored_and_empty_predictions_take_no_place(tmp_path):
    assert score(*files(tmp_path, "id,landmarks\nb,\nc,13 0.25\na,12 0.5\n")) == {"GAP": 1.0}
    assert score(*files(tmp_path, "id,landmarks\nb,9 1\nc,13 0.25\na,12 0.5\n")) == {"GAP": pytest.approx(7 / 12)}


def test_each_line_that_is_no_prediction_is_named(tmp_path):
    path, truth = files(tmp_path, "id,landmarks\na,11\nb,11 0.5 12 0.3\nc,11 high\nd,1 nan\ne,1 1\n")
    with pytest.raises(InvalidPredictions) as error:
        score(path, truth)
    assert str(error.value) == (
        f"{path}:2: '11' is not a label and a score\n"
        f"{path}:3: '11 0.5 12 0.3' is not a label and a score\n"
        f"{path}:4: '11 high' is not a label and a score\n"
        f"{path}:5: '1 nan' is not a label and a score"
    )


def test_a_repeated_id_in_a_file_is_an_error(tmp_path):
    with pytest.raises(ValueError, match=r"^id a is repeated$"):
        score(*files(tmp_path, "id,landmarks\na,11 1\na,11 1\n"))


def test_a_submission_without_its_columns_is_an_error(tmp_path):
    path, _ = files(tmp_path, "id,label\na,11 1\n")
    with pytest.raises(InvalidData, match="no column landmarks in the header; it holds id,label"):
        read_scores(path)
