from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from landmarks.feature_types import LocalFeatures
from landmarks.reranking import match_and_verify
from landmarks.settings import VerificationSettings
from landmarks.verification import verify
from tests.kernel.reference import recognition

SETTINGS = VerificationSettings()
TILT = np.array([[0.9, 0.1, 30], [-0.05, 1.1, -20], [1e-4, 2e-4, 1]])


def scene(right, wrong, seed=0):
    rng = np.random.default_rng(seed)
    query = rng.uniform(0, 600, (right + wrong, 2))
    mapped = np.c_[query, np.ones(len(query))] @ TILT.T
    train = mapped[:, :2] / mapped[:, 2:]
    train[right:] = rng.uniform(0, 600, (wrong, 2))
    return query.astype(np.float32), train.astype(np.float32)


def test_the_matches_that_follow_one_homography_are_inliers():
    found = verify(*scene(40, 60), SETTINGS)
    assert found.mask[:40].all()
    assert found.count == found.mask.sum()
    assert 40 <= found.count <= 44


def test_the_same_seed_gives_the_same_inliers():
    points = scene(6, 200)
    first, second = (verify(*points, SETTINGS) for _ in "ab")
    np.testing.assert_array_equal(first.mask, second.mask)


HARD = {
    "as they are": lambda points: points,
    "all in one point": np.zeros_like,
    "on a line": lambda points: np.repeat(points[:, :1], 2, axis=1),
    "four distinct": lambda points: np.resize(points[:4], points.shape),
    "far out": lambda points: points * np.float32(1e6),
}


def described(points, rng):
    """One-hot descriptors, so that each keypoint matches its counterpart; some match another, some none."""
    rows = rng.integers(0, len(points) + 1, len(points)) if rng.random() < 0.5 else np.arange(len(points))
    return LocalFeatures(points, np.eye(len(points) + 1, dtype=np.float32)[rows])


@given(
    right=st.integers(0, 20),
    wrong=st.integers(0, 20),
    rng=st.integers(0, 10**6).map(np.random.default_rng),
    of_query=st.sampled_from([*HARD]),
    of_train=st.sampled_from([*HARD]),
)
def test_inliers_are_exactly_those_of_the_reference(right, wrong, rng, of_query, of_train):
    points = scene(right, wrong, seed=int(rng.integers(10**6)))
    query, train = (described(HARD[how](one), rng) for how, one in zip((of_query, of_train), points, strict=True))
    _, found = match_and_verify(query, train, 0.75, SETTINGS)
    pairs = ((one.keypoints, one.descriptors) for one in (query, train))
    assert found.count == recognition.inliers(*pairs, SETTINGS.seed)


@pytest.mark.parametrize(("matches", "inliers"), [(0, 0), (1, 0), (4, 0), (5, 5), (6, 6)])
def test_fewer_than_five_matches_have_no_inliers(matches, inliers):
    found = verify(*scene(matches, 0), SETTINGS)
    assert (found.count, found.mask.tolist()) == (inliers, [inliers > 0] * matches)


def test_the_memory_order_of_the_points_does_not_matter():
    query, train = scene(30, 30)
    columns = verify(np.asfortranarray(query), np.asfortranarray(train), SETTINGS)
    np.testing.assert_array_equal(columns.mask, verify(query, train, SETTINGS).mask)


def test_a_singular_homography_has_no_inliers(monkeypatch):
    def singular(*_, **__):
        raise np.linalg.LinAlgError("Singular matrix")

    monkeypatch.setattr("pydegensac.findHomography", singular)
    found = verify(*scene(10, 0), SETTINGS)
    assert (found.count, found.mask.tolist()) == (0, [False] * 10)


def test_a_mask_that_is_a_list_is_read(monkeypatch):
    monkeypatch.setattr("pydegensac.findHomography", lambda *_, **__: (None, [False] * 10))
    assert verify(*scene(10, 0), SETTINGS).count == 0


def test_repeated_points_count_once_where_only_distinct_ones_do():
    query, train = (np.repeat(points, 5, axis=0) for points in scene(8, 0))
    assert verify(query, train, SETTINGS).count == 40
    assert verify(query, train, replace(SETTINGS, distinct=True)).count == 8


def test_settings_reach_the_estimator(monkeypatch):
    seen = []

    def estimate(query, train, *limits, **named):
        seen.append((limits, named))
        return None, [False] * len(query)

    monkeypatch.setattr("pydegensac.findHomography", estimate)
    verify(*scene(5, 0), replace(SETTINGS, max_iterations=9, seed=3))
    assert seen == [((7.0, 0.99, 9), {"seed": 3})]


@pytest.mark.parametrize("estimator", ["magsac", "accurate"])
def test_estimators_of_opencv_find_the_same_inliers_each_time_and_none_by_chance(estimator):
    settings = replace(SETTINGS, estimator=estimator)
    first, second = (verify(*scene(40, 60), settings) for _ in "ab")
    np.testing.assert_array_equal(first.mask, second.mask)
    assert first.mask[:40].all()
    assert 40 <= first.count <= 44
    in_one_point = np.zeros((20, 2), np.float32)
    assert verify(in_one_point, in_one_point, settings).count == 0


def test_an_unknown_estimator_is_named_with_those_there_are():
    with pytest.raises(ValueError, match="estimator = 'lmeds'; write one of degensac, magsac, accurate"):
        verify(*scene(9, 0), replace(SETTINGS, estimator="lmeds"))


def turned(degrees, zoom, mirror=1):
    points = np.random.default_rng(3).uniform(0, 600, (30, 2))
    c, s = np.cos(np.radians(degrees)) * zoom, np.sin(np.radians(degrees)) * zoom
    return points.astype(np.float32), (points @ np.array([[c, s], [-s, mirror * c]]) + 5).astype(np.float32)


@pytest.mark.parametrize(
    ("points", "accepted"),
    [
        (turned(0, 1), True),
        (turned(25, 2.8), True),
        (turned(-25, 1 / 2.8), True),
        (turned(0, 3.2), False),
        (turned(0, 1 / 3.2), False),
        (turned(35, 1), False),
        (turned(180, 1), False),
        (turned(0, 1, mirror=-1), False),
    ],
)
def test_a_homography_beyond_the_bounds_on_zoom_and_turn_has_no_inliers(points, accepted):
    assert verify(*points, SETTINGS).count == 30
    bounded = replace(SETTINGS, max_zoom=3.0, max_turn_deg=30.0)
    assert verify(*points, bounded).count == (30 if accepted else 0)
