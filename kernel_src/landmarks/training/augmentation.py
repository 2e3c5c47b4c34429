"""Random augmentation: crop, lighting, noise and occlusion."""

from typing import Any

import tensorflow as tf

from landmarks.training.settings import AugmentationSettings


def augment(image: Any, seed: Any, settings: AugmentationSettings) -> Any:
    """Augment an image: random crop, contrast, colour, brightness, noise and occlusion.

    Parameters
    ----------
    image : tensor, float32, shape (height, width, 3)
        Values in [0, 1].
    seed : tensor, int32, shape (2,)
        The result is deterministic for a seed.
    settings : AugmentationSettings
        Strength of each augmentation.

    Returns
    -------
    tensor, float32, shape (height, width, 3)
        Values in [0, 1].
    """
    seeds = tf.unstack(tf.random.experimental.stateless_split(seed, 4))
    view = _relit(_cropped(image, seeds[0], settings.min_crop), seeds[1], settings)
    view += tf.random.stateless_normal(tf.shape(view), seeds[2], stddev=settings.noise)
    return tf.clip_by_value(_occluded(view, seeds[3], settings.occlusion), 0.0, 1.0)


def _cropped(image: Any, seed: Any, min_crop: float) -> Any:
    shares = tf.random.stateless_uniform((4,), seed)
    sides = min_crop + (1.0 - min_crop) * shares[:2]
    corner = (1.0 - sides) * shares[2:]
    box = tf.concat([corner, corner + sides], axis=0)
    return tf.image.crop_and_resize(image[tf.newaxis], box[tf.newaxis], [0], tf.shape(image)[:2])[0]


def _relit(image: Any, seed: Any, settings: AugmentationSettings) -> Any:
    strays = tf.random.stateless_uniform((5,), seed, -1.0, 1.0)
    gains = (1.0 + settings.contrast * strays[0]) * (1.0 + settings.colour * strays[1:4])
    mean = tf.reduce_mean(image)
    return (image - mean) * gains + mean + settings.brightness * strays[4]


def _occluded(image: Any, seed: Any, largest: float) -> Any:
    """Fill a random rectangle: four random numbers are its sides and position, the fifth is its grey value."""
    shares = tf.random.stateless_uniform((5,), seed)
    return tf.where(_rectangle(tf.shape(image)[:2], shares[:4], largest)[..., tf.newaxis], shares[4], image)


def _rectangle(size: Any, shares: Any, largest: float) -> Any:
    sides = largest * shares[:2]
    start = (1.0 - sides) * shares[2:]
    rows, columns = (
        tf.logical_and(position >= start[axis], position < start[axis] + sides[axis])
        for axis, position in ((axis, tf.linspace(0.0, 1.0, size[axis])) for axis in range(2))
    )
    return tf.logical_and(rows[:, tf.newaxis], columns[tf.newaxis])
