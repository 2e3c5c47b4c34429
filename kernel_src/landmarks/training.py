"""Training of the global network: augmented views of each landmark against the ArcFace head."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tensorflow import keras

from landmarks.network import classifier
from landmarks.settings import NetworkSettings


@dataclass(frozen=True, kw_only=True)
class AugmentationSettings:
    """How far an augmented view strays from its image; 0 everywhere leaves images alone."""

    min_crop: float = 0.6  # least side of the crop, as a share of the image's side
    brightness: float = 0.2  # added to every value, of the range [0, 1]
    contrast: float = 0.3  # the factor strays this far from 1
    colour: float = 0.15  # each channel's gain strays this far from 1
    noise: float = 0.03  # standard deviation of the noise added to each value
    occlusion: float = 0.35  # largest side of the blanked rectangle, as a share of the image's side


@dataclass(frozen=True, kw_only=True)
class TrainingSettings:
    """One training run."""

    epochs: int = 12
    batch: int = 32
    learning_rate: float = 1e-4
    warmup: float = 0.1  # share of the steps over which the rate rises from 0; a half cosine back to 0 follows
    seed: int = 2021
    # Keras's 0.99 needs hundreds of steps to forget the first statistics.
    normalisation_momentum: float = 0.99
    branch_dropout: float = 1.0  # factor on the backbone's own rates of skipping a residual branch; 0 never skips
    augmentation: AugmentationSettings = AugmentationSettings()


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
    steps = training.epochs * -(-len(images) // training.batch)
    model = classifier(replace(network, learning_rate=training.learning_rate))
    model.optimizer.learning_rate = _schedule(training, steps)
    _prepare(model, training)

    def end_epoch(epoch: int, logs: dict[str, float]) -> None:
        if report:
            report(epoch + 1, logs["loss"], logs["sparse_categorical_accuracy"])

    callback = keras.callbacks.LambdaCallback(on_epoch_end=end_epoch)
    model.fit(batches(images, labels, training), epochs=training.epochs, verbose=0, callbacks=[callback])
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
    fed = views.batch(training.batch).map(lambda image, label: ((image, label), label))
    return fed.prefetch(2)


def augment(image: Any, seed: Any, settings: AugmentationSettings) -> Any:
    """Return a view of an image as another photographer might have taken it.

    Parameters
    ----------
    image : tensor, float32, shape (height, width, 3)
        Values in [0, 1].
    seed : tensor, int32, shape (2,)
        The same seed gives the same view.
    settings : AugmentationSettings
        How far the view strays.

    Returns
    -------
    tensor, float32, shape (height, width, 3)
        Values in [0, 1].
    """
    seeds = tf.unstack(tf.random.experimental.stateless_split(seed, 4))
    view = _relit(_cropped(image, seeds[0], settings.min_crop), seeds[1], settings)
    view += tf.random.stateless_normal(tf.shape(view), seeds[2], stddev=settings.noise)
    return tf.clip_by_value(_occluded(view, seeds[3], settings.occlusion), 0.0, 1.0)


def _prepare(model: Any, training: TrainingSettings) -> None:
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = training.normalisation_momentum
        elif isinstance(layer, keras.layers.Dropout) and layer.noise_shape is not None:
            layer.rate *= training.branch_dropout
        elif isinstance(layer, keras.Model):
            _prepare(layer, training)


def _schedule(training: TrainingSettings, steps: int) -> Any:
    warming = round(steps * training.warmup)
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0,
        decay_steps=steps - warming,
        warmup_target=training.learning_rate,
        warmup_steps=warming,
    )


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
    """Blank a rectangle: the first four shares are its sides and place, the last its grey."""
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
