"""Views: plausible ones, each a function of its seed."""

import numpy as np
import pytest
import tensorflow as tf

from landmarks.training import AugmentationSettings
from landmarks.training.augmentation import augment

NONE = AugmentationSettings(min_crop=1.0, brightness=0, contrast=0, colour=0, noise=0, occlusion=0)
STRIPES = np.broadcast_to(np.tile(np.repeat([0.1, 0.9], 4), 4)[np.newaxis, :, np.newaxis], (32, 32, 3)).astype(
    np.float32
)


def test_settings_of_nought_leave_an_image_alone():
    view = augment(tf.constant(STRIPES), tf.constant([1, 2]), NONE)
    np.testing.assert_allclose(view.numpy(), STRIPES, atol=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_views_keep_their_size_and_range(seed):
    view = augment(tf.constant(STRIPES), tf.constant([seed, 3]), AugmentationSettings()).numpy()
    assert view.shape == (32, 32, 3)
    assert view.dtype == np.float32
    assert 0 <= view.min() < view.max() <= 1


def test_an_occlusion_blanks_one_rectangle():
    settings = AugmentationSettings(min_crop=1.0, brightness=0, contrast=0, colour=0, noise=0, occlusion=0.5)
    image = tf.random.stateless_uniform((40, 40, 3), (1, 1))
    changed = (augment(image, tf.constant([4, 9]), settings).numpy() != image.numpy()).any(axis=2)
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    assert 0 < len(rows) <= 21
    assert 0 < len(columns) <= 21
    assert changed[np.ix_(rows, columns)].all()
    assert changed.sum() == len(rows) * len(columns)
