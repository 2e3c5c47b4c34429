from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from landmarks.dataset import Photo
from landmarks.errors import ImagesFailed
from landmarks.faults import ImageFaults
from landmarks.feature_types import NO_FEATURES
from landmarks.images import local_pixels
from landmarks.local_features import FeatureCache, coarse_settings, create_extractor
from landmarks.prefetch import prefetch
from landmarks.rootsift import root
from landmarks.settings import LocalSettings, RootSiftSettings
from tests.kernel.competition import save, scene

LOCAL = LocalSettings()


def rootsift(**changes):
    return create_extractor(replace(LOCAL, rootsift=RootSiftSettings(**changes)))


@given(arrays(np.float32, (5, 8), elements=st.integers(0, 255).map(float)))
def test_root_divides_by_the_sum_then_takes_the_square_root(descriptors):
    sums = [sum(row) or 1 for row in descriptors.astype(float).tolist()]
    expected = [[(value / total) ** 0.5 for value in row] for row, total in zip(descriptors, sums, strict=True)]
    np.testing.assert_allclose(root(descriptors), expected, atol=1e-6)


def test_features_have_shape_type_and_norm():
    found = rootsift(max_features=50)(scene(1))
    assert (found.keypoints.shape, found.keypoints.dtype) == ((50, 2), np.float32)
    assert (found.descriptors.shape, found.descriptors.dtype) == ((50, 128), np.float32)
    np.testing.assert_allclose(np.linalg.norm(found.descriptors, axis=1), 1, atol=1e-5)


def test_keypoints_are_rows_then_columns_in_pixels_of_the_scaled_image():
    dot = np.zeros((100, 200, 3), np.uint8)
    cv2.circle(dot, (150, 30), 6, (255, 255, 255), -1)
    found = rootsift(longer_side_px=400)(dot)
    np.testing.assert_allclose(found.keypoints.mean(axis=0), [60, 300], atol=2)
    assert found.scale == 2.0


def test_an_image_scaled_by_hand_has_the_same_features():
    whole = scene(2, (300, 400))
    half = cv2.resize(cv2.cvtColor(whole, cv2.COLOR_RGB2GRAY), (200, 150), interpolation=cv2.INTER_AREA)
    one, other = (rootsift(longer_side_px=200)(image) for image in (whole, cv2.cvtColor(half, cv2.COLOR_GRAY2RGB)))
    np.testing.assert_array_equal(one.keypoints, other.keypoints)
    np.testing.assert_array_equal(one.descriptors, other.descriptors)


def test_two_extractions_agree_bit_for_bit():
    one, other = (rootsift()(scene(3)) for _ in "ab")
    np.testing.assert_array_equal(one.descriptors, other.descriptors)
    np.testing.assert_array_equal(one.keypoints, other.keypoints)


@pytest.mark.parametrize(("upright", "repeats"), [(True, False), (False, True)])
def test_upright_features_stand_at_one_place_once(upright, repeats):
    found = rootsift(upright=upright, max_features=5000)(scene(4))
    assert (len(np.unique(found.descriptors, axis=0)) == len(found.descriptors)) is True
    assert (len(np.unique(found.keypoints, axis=0)) < 0.95 * len(found.keypoints)) is repeats


@pytest.mark.parametrize("shape", [(50, 50, 3), (1, 1, 3), (1, 500, 3)])
def test_a_flat_image_has_no_features(shape):
    found = rootsift()(np.full(shape, 90, np.uint8))
    assert (found.keypoints.shape, len(found.descriptors)) == ((0, 2), 0)


def test_an_unknown_extractor_is_named_with_the_known():
    with pytest.raises(ValueError, match=r"^LocalSettings.extractor = 'orb'; write one of rootsift, delg$"):
        create_extractor(replace(LOCAL, extractor="orb"))


@pytest.fixture
def counted(monkeypatch):
    seen = []

    def count(path, *, exif_rotation):
        seen.append(path.stem)
        return scene(int(path.stem, 16), (60, 80))

    monkeypatch.setattr("landmarks.local_features.local_pixels", count)
    return seen


def photos(folder, count):
    return [Photo(f"{number:04x}", folder / f"{number:04x}.jpg") for number in range(count)]


def test_no_photo_is_described_twice_whatever_the_threads(tmp_path, counted):
    cache, shown = FeatureCache(LOCAL), photos(tmp_path, 5)
    found = [*prefetch(cache, shown * 6, threads=8, depth=30)]
    assert sorted(counted) == [photo.id for photo in shown]
    assert all(found[place] is found[place % 5] for place in range(30))


def test_beyond_the_limit_the_longest_unused_is_dropped(tmp_path, counted):
    one, two, three = photos(tmp_path, 3)
    limit = sum(FeatureCache(LOCAL)(photo).nbytes for photo in (one, two, three)) - 1
    cache = FeatureCache(replace(LOCAL, cache_bytes=limit))
    counted.clear()
    for photo in (one, two, one, three, one, two):
        cache(photo)
    assert counted == ["0000", "0001", "0002", "0001"]


def test_coarse_features_are_made_only_where_there_are_no_others(tmp_path, counted):
    cache, (one, two) = FeatureCache(LOCAL), photos(tmp_path, 2)
    fine, coarse = cache(one), cache(two, coarse=True)
    assert cache(one, coarse=True) is fine
    assert (fine.scale, coarse.scale) == (8.0, 4.0)
    assert cache(two, coarse=True) is coarse
    assert cache(two).scale == 8.0
    assert counted == ["0000", "0001", "0001"]


def test_coarse_features_have_one_scale_less():
    assert coarse_settings(LOCAL).delg.scales == (0.70710677, 1.0)
    assert coarse_settings(coarse_settings(coarse_settings(LOCAL))).delg.scales == (0.70710677,)


def test_a_photo_that_cannot_be_read_is_logged_once_and_has_no_features(tmp_path, caplog):
    photo = Photo("0a", tmp_path / "0a.jpg")
    cache = FeatureCache(LOCAL)
    assert cache(photo) is NO_FEATURES
    assert cache(photo) is NO_FEATURES
    (message,) = caplog.messages
    assert message.startswith(f"no local features: {photo.path}: unreadable image (")


@pytest.mark.parametrize("error", [MemoryError("no memory"), cv2.error("odd"), ValueError("odd")])
def test_a_photo_whose_features_fail_has_none_and_the_error_is_noted(tmp_path, monkeypatch, error):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr("landmarks.local_features.local_pixels", fail)
    photo, faults = Photo("0a", tmp_path / "0a.jpg"), ImageFaults()
    assert FeatureCache(LOCAL, faults)(photo) is NO_FEATURES
    assert faults.unexpected == [f"{photo.path}: {type(error).__name__}: {error}"]
    with pytest.raises(ImagesFailed, match=r"^1 images failed, the others are recognised:\n  .*0a\.jpg: "):
        faults.raise_unexpected()


def test_a_cached_photo_is_described_as_its_pixels_are(tmp_path):
    path = save(tmp_path, "test", "0a00", scene(5))
    np.testing.assert_array_equal(
        FeatureCache(LOCAL)(Photo("0a00", path)).descriptors, create_extractor(LOCAL)(local_pixels(path)).descriptors
    )


@pytest.mark.parametrize("shape", [(2, 300, 3), (300, 1, 3), (3, 3, 3), (5, 900, 3)])
def test_thin_and_tiny_images_are_no_trouble(shape):
    found = rootsift()(np.random.default_rng(0).integers(0, 256, shape, np.uint8))
    assert len(found.keypoints) == len(found.descriptors)
