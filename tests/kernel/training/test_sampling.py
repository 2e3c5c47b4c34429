"""Orders of epochs: which images are shown how often."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from landmarks.training.sampling import apportion, epoch_order, shuffle_by_class

labels = st.lists(st.integers(0, 9), min_size=1, max_size=60).map(lambda drawn: np.array(drawn, np.int32))
seeds = st.integers(0, 2**32)


@given(labels, seeds, st.integers(0, 99), st.sampled_from([0.0, 0.5, 1.0]))
def test_an_order_is_a_function_of_seed_and_epoch(labels, seed, epoch, balance):
    first, again = (epoch_order(labels, 64, balance=balance, seed=seed, epoch=epoch) for _ in range(2))
    np.testing.assert_array_equal(first, again)


def test_each_epoch_and_each_seed_has_an_order_of_its_own():
    labels = np.zeros(20, np.int32)
    orders = [epoch_order(labels, 20, balance=0, seed=seed, epoch=epoch) for seed, epoch in ((1, 0), (1, 1), (2, 0))]
    assert len({order.tobytes() for order in orders}) == 3


@given(labels, seeds, st.integers(0, 20))
def test_without_balance_each_image_comes_once_before_any_comes_again(labels, seed, more):
    order = epoch_order(labels, len(labels) + more, balance=0, seed=seed, epoch=3)
    assert sorted(order[: len(labels)]) == list(range(len(labels)))
    np.testing.assert_array_equal(order, np.resize(order[: len(labels)], len(order)))


@given(labels, seeds, st.floats(0.01, 1))
def test_balance_draws_each_landmark_as_often_as_the_formula_says(labels, seed, balance):
    order = epoch_order(labels, len(labels), balance=balance, seed=seed, epoch=0)
    counts = np.bincount(labels, minlength=10)
    weights = np.where(counts > 0, counts ** (1 - balance), 0)
    expected = len(labels) * weights / weights.sum()
    assert (np.abs(np.bincount(labels[order], minlength=10) - expected) < 1 + 1e-9).all()
    for landmark in range(10):
        times = np.bincount(order, minlength=len(labels))[labels == landmark]
        assert len(times) == 0 or np.ptp(times) <= 1


def test_full_balance_shows_a_rare_landmark_as_often_as_a_frequent_one():
    labels = np.repeat([0, 1], [90, 10]).astype(np.int32)
    order = epoch_order(labels, 100, balance=1, seed=5, epoch=0)
    assert np.bincount(labels[order]).tolist() == [50, 50]
    assert np.bincount(order)[90:].tolist() == [5] * 10


def test_counts_are_rounded_so_that_they_are_right_on_average():
    rng = np.random.default_rng(0)
    rounded = np.mean([apportion(np.array([0.25, 1.5, 3.0]), rng) for _ in range(4000)], axis=0)
    assert rounded == pytest.approx([0.25, 1.5, 3.0], abs=0.05)


@given(labels, seeds)
def test_images_are_ordered_by_class_with_their_place_in_it(labels, seed):
    order, place = shuffle_by_class(labels, np.random.default_rng(seed))
    assert sorted(order) == list(range(len(labels)))
    assert (np.diff(labels[order]) >= 0).all()
    for landmark in set(labels.tolist()):
        assert place[labels[order] == landmark].tolist() == list(range((labels == landmark).sum()))
