"""Batches of augmented images."""

from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from landmarks.training.augmentation import augment
from landmarks.training.settings import TrainingSettings


def batches(images: NDArray[np.float32], labels: NDArray[np.int32], training: TrainingSettings) -> Any:
    """Return one epoch of augmented, shuffled batches; each pass over it shuffles and augments anew.

    Parameters
    ----------
    images : ndarray, float32, shape (n, height, width, 3)
        Values in [0, 1].
    labels : ndarray, int32, shape (n,)
        Class of each image.
    training : TrainingSettings
        Batch size, seed and augmentation.

    Returns
    -------
    tf.data.Dataset
        Of ``((images, labels), labels)``: the head reads the labels as well.
    """
    seeds = tf.data.Dataset.random(seed=training.seed, rerandomize_each_iteration=True).batch(2)
    shuffled = tf.data.Dataset.from_tensor_slices((images, labels)).shuffle(len(images), seed=training.seed)
    views = tf.data.Dataset.zip((shuffled, seeds)).map(
        lambda pair, seed: (augment(pair[0], tf.cast(seed, tf.int32), training.augmentation), pair[1]),
        num_parallel_calls=tf.data.AUTOTUNE,
        deterministic=True,
    )
    fed = views.batch(training.stages[0].batch).map(lambda image, label: ((image, label), label))
    return fed.prefetch(2)
