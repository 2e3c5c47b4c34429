"""Keras alone trains the mini weights, from images in memory, until they come from `landmarks.training.train`."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tensorflow import keras

from landmarks.network import classifier
from landmarks.settings import NetworkSettings
from landmarks.training.augmentation import augment
from landmarks.training.settings import TrainingSettings
from landmarks.training.steps import prepare_layers


def train(
    images: NDArray[np.float32],
    labels: NDArray[np.int32],
    network: NetworkSettings,
    training: TrainingSettings,
    report: Callable[[int, float, float], None] | None = None,
) -> Any:
    """Train a classifier from random weights.

    Two runs agree exactly after ``tf.config.experimental.enable_op_determinism()``; Python's, NumPy's and
    TensorFlow's generators are seeded here.

    Parameters
    ----------
    images : ndarray, float32, shape (n, input_px, input_px, 3)
        What the network will see at retrieval, channels in that order, in [0, 1].
    labels : ndarray, int32, shape (n,)
        Class of each image, below ``network.classes``.
    network : NetworkSettings
        What to train; its learning rate gives way to the schedule of ``training``.
    training : TrainingSettings
        How to train it.
    report : callable, optional
        Called after each epoch with its number from 1, the mean loss, and the share of augmented views classified right
        with the margin against them.

    Returns
    -------
    keras.Model
        The trained classifier, as `landmarks.network.classifier` builds it.
    """
    keras.utils.set_random_seed(training.seed)
    steps = training.stages[0].epochs * -(-len(images) // training.stages[0].batch)
    model = classifier(replace(network, learning_rate=training.stages[0].learning_rate))
    model.optimizer.learning_rate = _schedule(training, steps)
    prepare_layers(model, training)

    def end_epoch(epoch: int, logs: dict[str, float]) -> None:
        if report:
            report(epoch + 1, logs["loss"], logs["sparse_categorical_accuracy"])

    callback = keras.callbacks.LambdaCallback(on_epoch_end=end_epoch)
    model.fit(batches(images, labels, training), epochs=training.stages[0].epochs, verbose=0, callbacks=[callback])
    return model


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


def _schedule(training: TrainingSettings, steps: int) -> Any:
    warming = round(steps * training.warmup)
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0,
        decay_steps=steps - warming,
        warmup_target=training.stages[0].learning_rate,
        warmup_steps=warming,
    )
