import pytest
from hypothesis import given
from hypothesis import strategies as st

from landmarks.ranking import (
    Neighbour,
    Prediction,
    drop_frequent_labels,
    logistic_probability,
    rescore,
    verification_priority,
    vote,
)
from landmarks.settings import LogisticSettings, RankingSettings
from tests.kernel.reference import judgement

SETTINGS = RankingSettings()
scored = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([-0.5, 0.0, 0.25, 0.5, 1.0])), max_size=8)


def neighbours(pairs):
    return [Neighbour(str(place), label, score) for place, (label, score) in enumerate(pairs)]


@given(pairs=scored, data=st.data())
def test_scores_are_those_of_the_reference_and_equal_ones_keep_their_order(pairs, data):
    inliers = data.draw(st.lists(st.integers(0, 60), min_size=len(pairs), max_size=len(pairs)))
    found = rescore(neighbours(pairs), inliers, SETTINGS)
    totals = [judgement.total(score, count) for (_, score), count in zip(pairs, inliers, strict=True)]
    order = sorted(range(len(pairs)), key=lambda place: (-totals[place], place))
    assert [(one.id, one.score) for one in found] == [(str(place), totals[place]) for place in order]


@given(pairs=scored, over=st.integers(1, 5))
def test_the_vote_is_that_of_the_reference(pairs, over):
    found = vote(neighbours(pairs), RankingSettings(vote_over=over))
    assert (found and (found.label, found.score)) == judgement.winner(pairs, over)


@pytest.mark.parametrize(("inliers", "share"), [(0, 0), (5, 0.2), (24, 0.96), (25, 1), (900, 1)])
def test_inliers_count_up_to_25(inliers, share):
    assert rescore([Neighbour("a", "1", 0.5)], [inliers], SETTINGS) == [Neighbour("a", "1", 0.5 + share)]


def test_two_agreeing_neighbours_outvote_a_better_one():
    assert vote(neighbours([("a", 0.9), ("b", 0.5), ("b", 0.5), ("a", 9.0)]), SETTINGS) == Prediction("b", 1.0)


def test_an_equal_vote_goes_to_the_label_ranked_first():
    assert vote(neighbours([("b", 1.0), ("a", 0.5), ("a", 0.5)]), SETTINGS) == Prediction("b", 1.0)


def test_without_neighbours_there_is_no_prediction():
    assert vote([], SETTINGS) is None


def test_a_prediction_reads_as_the_submission_wants_it():
    assert str(Prediction("00123", 1.25)) == "00123 1.25"


@given(score=st.floats(-1, 6))
def test_a_score_is_read_back_as_it_was(score):
    assert float(str(Prediction("1", score)).split()[1]) == score


def test_verification_begins_where_it_can_change_most():
    agreeing, sure = [Neighbour("a", "1", 0.9), Neighbour("b", "1", 0.9)], [Neighbour("a", "1", 1.0)] * 2
    divided, weak = (
        [Neighbour("a", "1", 0.9), Neighbour("b", "2", 0.8)],
        [Neighbour("a", "1", 0.1), Neighbour("b", "2", 0)],
    )
    order = sorted([agreeing, weak, sure, divided], key=lambda near: verification_priority(near, RankingSettings()))
    assert order == [divided, weak, sure, agreeing]


def test_a_vote_counts_with_the_power_of_its_score_and_never_below_0():
    settings = RankingSettings(vote_over=4, vote_power=2.0)
    near = neighbours([("a", 0.9), ("b", 0.6), ("b", 0.5), ("b", -2.0)])
    assert vote(near, settings) == Prediction("a", pytest.approx(0.81))


@pytest.mark.parametrize(("logit", "expected"), [(0.0, 0.5), (2.0, 0.8807970779778823), (-1e4, 0.0), (1e4, 1.0)])
def test_a_logistic_model_gives_a_probability_at_any_distance(logit, expected):
    assert logistic_probability(LogisticSettings(intercept=-1.0, weights=(1.0, 2.0)), 1.0, logit / 2) == pytest.approx(
        expected
    )


def test_fitted_inliers_add_their_probability():
    settings = RankingSettings(inliers=LogisticSettings(intercept=0.0, weights=(2.0,)))
    (first, second) = rescore(neighbours([("a", 0.5), ("b", 0.4)]), [0, 1], settings)
    assert (first.label, first.score) == ("b", pytest.approx(0.4 + 0.8))  # the odds are (1 + inliers)^2
    assert (second.label, second.score) == ("a", pytest.approx(1.0))


def test_a_fitted_pair_replaces_the_score():
    settings = RankingSettings(pair=LogisticSettings(intercept=-1.0, weights=(2.0, 1.0)))
    (only,) = rescore([Neighbour("x", "1", 0.5)], [3], settings)
    assert only.score == pytest.approx(0.8)  # the odds are 1 + inliers


def test_a_fitted_confidence_reads_votes_lead_and_best_score():
    near = neighbours([("a", 0.9), ("b", 0.6), ("a", 0.5)])
    for place, feature in enumerate((1.4, 0.8, 0.9)):
        weights = tuple(float(place == other) for other in range(3))
        settings = RankingSettings(confidence=LogisticSettings(intercept=-feature, weights=weights))
        assert vote(near, settings) == Prediction("a", pytest.approx(0.5))


def test_a_label_predicted_too_often_is_left_out():
    predictions = {str(query): Prediction("1" if query < 3 else "2", 1.0) for query in range(5)}
    assert drop_frequent_labels(predictions, RankingSettings()) == predictions
    assert [*drop_frequent_labels(predictions, RankingSettings(most_per_label=2))] == ["3", "4"]
