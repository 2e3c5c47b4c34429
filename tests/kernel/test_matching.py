import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from landmarks.matching import filter_matches, match
from landmarks.settings import MatchingSettings
from tests.kernel.reference import search

coarse = st.integers(-2, 2).map(lambda number: number / 4)  # distances of exactly 0.75, and ties, are common


def units(rng, rows, size=128):
    drawn = np.abs(rng.normal(size=(rows, size))).astype(np.float32)
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


@given(data=st.data(), bound=st.sampled_from([0.25, 0.5, 0.75, 1.0]))
def test_matches_are_those_of_a_tree_ties_and_bounds_included(data, bound):
    size = data.draw(st.integers(1, 4))
    query, train = (
        data.draw(arrays(np.float32, st.tuples(st.integers(0, 30), st.just(size)), elements=coarse)) for _ in "qt"
    )
    assert [*map(tuple, match(query, train, max_distance=bound).tolist())] == search.matches(query, train, bound)


@given(seed=st.integers(0, 10**6), bound=st.floats(0.3, 0.9))
def test_matches_of_noisy_copies_are_those_of_a_tree(seed, bound):
    rng = np.random.default_rng(seed)
    train = units(rng, 60)
    query = train[rng.integers(0, 60, 40)] + rng.normal(0, 0.06, (40, 128)).astype(np.float32)
    train = np.concatenate([train, train[:20]])
    assert [*map(tuple, match(query, train, max_distance=bound).tolist())] == search.matches(query, train, bound)


def test_a_distance_of_exactly_the_bound_does_not_match():
    query, train = np.array([[0.75, 0]], np.float32), np.zeros((1, 2), np.float32)
    assert match(query, train, max_distance=0.75).tolist() == []
    assert match(query, train, max_distance=np.nextafter(0.75, 1)).tolist() == [[0, 0]]


def test_many_may_match_one():
    query = np.array([[0.0], [0.1], [5.0], [0.2]], np.float32)
    assert match(query, np.array([[9.0], [0.1]], np.float32), max_distance=0.75).tolist() == [[0, 1], [1, 1], [3, 1]]


@pytest.mark.parametrize("rows", [(0, 3), (3, 0), (0, 0)])
def test_where_one_side_has_no_features_nothing_matches(rows):
    found = match(*(np.empty((count, 4), np.float32) for count in rows), max_distance=0.75)
    assert (found.shape, found.dtype) == ((0, 2), np.int64)


@given(seed=st.integers(0, 10**6), gap=st.sampled_from([0.0, 1e-7, 1e-6, 1e-5]))
def test_neighbours_that_float32_cannot_tell_apart_are_told_apart_as_by_a_tree(seed, gap):
    rng = np.random.default_rng(seed)
    query = units(rng, 20)
    train = np.concatenate([query * np.float32(1 - step) for step in (0.1, 0.1 + gap, 0.1 - gap)])
    bound = float(np.linalg.norm(query[0] - train[0]))
    assert [*map(tuple, match(query, train, max_distance=bound).tolist())] == search.matches(query, train, bound)


@pytest.mark.parametrize("factor", [1e-22, 1e-10, 1e10, 1e25])
def test_descriptors_may_be_of_any_norm(factor):
    rng = np.random.default_rng(0)
    train = units(rng, 50) * np.float32(factor)
    query = train[rng.integers(0, 50, 30)] * np.float32(1.001)
    bound = 0.5 * factor
    assert [*map(tuple, match(query, train, max_distance=bound).tolist())] == search.matches(query, train, bound)


def test_many_descriptors_as_near_are_left_to_the_tree():
    train = np.repeat(units(np.random.default_rng(0), 2), 30, axis=0)
    assert [*map(tuple, match(train, train, max_distance=0.5).tolist())] == search.matches(train, train, 0.5)


def test_a_descriptor_that_is_not_finite_is_refused():
    with pytest.raises(ValueError, match="finite"):
        match(np.full((1, 2), np.nan, np.float32), np.zeros((3, 2), np.float32), max_distance=0.5)


AXES = np.eye(4, dtype=np.float32)


def kept(query, train, **settings):
    matches = match(query, train, max_distance=1.5)
    return filter_matches(matches, query, train, MatchingSettings(**settings)).tolist()


def test_all_matches_are_kept_by_default():
    assert kept(AXES, AXES[:2]) == match(AXES, AXES[:2], max_distance=1.5).tolist()


def test_of_many_matches_to_one_descriptor_the_nearest_is_mutual():
    between = (AXES[0] + 0.3 * AXES[1]) / np.sqrt(np.float32(1.09))
    query = np.stack([between, AXES[0], AXES[1]])
    assert kept(query, AXES[:2]) == [[0, 0], [1, 0], [2, 1]]
    assert kept(query, AXES[:2], mutual=True) == [[1, 0], [2, 1]]


def test_a_match_nearly_as_near_to_another_descriptor_fails_the_ratio_test():
    query = np.array([[0.8, 0.6, 0, 0], [1, 0, 0, 0]], np.float32)
    ratio = np.sqrt((2 - 2 * 0.8) / (2 - 2 * 0.6))
    assert kept(query, AXES[:2], max_ratio=float(ratio) + 0.01) == [[0, 0], [1, 0]]
    assert kept(query, AXES[:2], max_ratio=float(ratio) - 0.01) == [[1, 0]]


def test_one_descriptor_alone_passes_the_ratio_test():
    assert kept(AXES[:1], AXES[:1], max_ratio=0.1) == [[0, 0]]
