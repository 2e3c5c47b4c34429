"""Batches of augmented images. Every batch is determined by seed, epoch and position."""

import logging
import threading
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from kernelwright.runtime import record
from landmarks.errors import UnreadableImage
from landmarks.images import decode, global_jpeg
from landmarks.settings import NetworkSettings
from landmarks.training.augmentation import augment
from landmarks.training.examples import Examples, drop_unreadable, read_examples
from landmarks.training.sampling import epoch_order
from landmarks.training.settings import DataSettings, StageSettings, TrainingSettings

log = logging.getLogger(__name__)


def load_training_data(
    competition: Path, network: NetworkSettings, training: TrainingSettings
) -> "tuple[Examples, Images]":
    """Return the usable examples and a reader for their images. Problems of the data are found before training starts.

    Raises
    ------
    InvalidData
        As in `read_examples` and `drop_unreadable`.
    """
    images = Images(network, training.data)
    examples = read_examples(competition, tolerated=training.data.tolerated)
    size_px = training.stages[0].size_px
    return drop_unreadable(examples, lambda path: images.jpeg(path, size_px), training.data, training.seed), images


class Images:
    """Reads images as inputs of the network, and caches them as JPEG in memory and on disk. Thread-safe.

    Images are resized to ``network.resize_px``, or to the image size of the stage if that is smaller, before JPEG
    compression. In a stage of size ``network.input_px``, the result is the same as at inference.

    Parameters
    ----------
    network : NetworkSettings
        ``resize_px`` is used.
    settings : DataSettings
        Sizes of the caches, and JPEG quality.
    """

    def __init__(self, network: NetworkSettings, settings: DataSettings) -> None:
        self._resize_px = network.resize_px
        self._settings = settings
        self._lock = threading.Lock()
        self._cached: dict[Path, bytes] = {}
        self._cached_px = self._free = 0
        self._folder = settings.cache_folder

    def jpeg(self, path: Path, size_px: int) -> bytes:
        """Return the JPEG of an image for a stage of ``size_px``, which `landmarks.images.decode` decodes.

        Raises
        ------
        UnreadableImage
            If the file cannot be decoded.
        """
        resize_px = min(self._resize_px, size_px)
        with self._lock:
            if resize_px != self._cached_px:  # the first image of a stage with another size
                self._cached, self._cached_px, self._free = {}, resize_px, self._settings.cache_bytes
            cached = self._cached.get(path)
        return cached or self._read(path, resize_px)

    def pixels(self, path: Path, size_px: int) -> NDArray[np.float32]:
        """Return an image without augmentation: float32 of shape (size_px, size_px, 3), BGR, in [0, 1].

        Raises
        ------
        UnreadableImage
            If the file cannot be decoded.
        """
        encoded = self.jpeg(path, size_px)
        with tf.device("CPU"):
            pixels: NDArray[np.float32] = decode(encoded, size_px).numpy()
        return pixels

    def _read(self, path: Path, resize_px: int) -> bytes:
        quality = self._settings.jpeg_quality
        on_disk = self._folder and self._folder / f"{resize_px}-{quality}" / path.stem[:2] / f"{path.stem}.jpg"
        if on_disk and on_disk.is_file():
            return on_disk.read_bytes()
        encoded = global_jpeg(path, resize_px=resize_px, jpeg_quality=quality)
        with self._lock:
            fits = self._cached_px == resize_px and len(encoded) <= self._free
            if fits and path not in self._cached:
                self._cached[path] = encoded
                self._free -= len(encoded)
        if on_disk and not fits:
            self._write(on_disk, encoded)
        return encoded

    def _write(self, path: Path, encoded: bytes) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            record.replace(path, encoded)
        except OSError as error:
            self._folder = None
            log.warning("%s: cannot be written (%s); further images are read again each epoch", path, error.strerror)


class Batches:
    """The batches of each epoch of training.

    Parameters
    ----------
    examples : Examples
        The training examples.
    images : Images
        Reads the images.
    training : TrainingSettings
        Seed, augmentation, balance, and number of batches per step.
    """

    def __init__(self, examples: Examples, images: Images, training: TrainingSettings) -> None:
        self._examples = examples
        self._images = images
        self._training = training
        self._views: dict[int, Any] = {}
        self._orders: dict[tuple[int, int], NDArray[np.int64]] = {}
        self._reported: set[int] = set()

    def steps_per_epoch(self, stage: StageSettings) -> int:
        """Return the number of batches per epoch, a multiple of ``accumulate``. All batches are full."""
        step = stage.batch * self._training.accumulate
        return -(-len(self._examples) // step) * self._training.accumulate

    def dataset(self, stage: StageSettings, epoch: int, first_step: int = 0) -> Any:
        """Return the batches of an epoch, starting at batch ``first_step``.

        The last batch is filled up with images from the start of the epoch. An unreadable image is replaced by the next
        image in the order.

        Parameters
        ----------
        stage : StageSettings
            Image size and batch size.
        epoch : int
            Number of the epoch over all stages. Order and augmentation differ between epochs.
        first_step : int
            Number of batches to skip, without decoding them.

        Returns
        -------
        tf.data.Dataset
            Elements are ``((images, labels), labels)``, because the labels are also an input of the head. Images are
            float32 of shape (batch, size_px, size_px, 3), BGR in [0, 1]; labels are int32 of shape (batch,).
        """
        length = self.steps_per_epoch(stage) * stage.batch
        seed = np.random.SeedSequence((self._training.seed, epoch)).generate_state(1)[0]
        of_epoch = [tf.constant(value, tf.int64) for value in (epoch, length, seed)]
        view = self._views.setdefault(stage.size_px, self._view(stage.size_px))
        views = tf.data.Dataset.range(first_step * stage.batch, length).map(
            lambda position: view(position, *of_epoch), num_parallel_calls=tf.data.AUTOTUNE, deterministic=True
        )
        batches = views.batch(stage.batch, drop_remainder=True)
        return batches.map(lambda images, labels: ((images, labels), labels)).prefetch(2)

    def _view(self, size_px: int) -> Any:
        """Return a function from a position in an epoch to image and label. It is traced once per image size."""

        def read(position: Any, epoch: Any, length: Any) -> tuple[bytes, Any]:
            return self._first_readable(self._order(int(epoch), int(length)), int(position), size_px)

        def view(position: Any, epoch: Any, length: Any, seed: Any) -> tuple[Any, Any]:
            # stateful=False keeps calls parallel when deterministic operations are enabled.
            encoded, label = tf.numpy_function(read, [position, epoch, length], (tf.string, tf.int32), stateful=False)
            image = decode(tf.ensure_shape(encoded, ()), size_px)
            augmented = augment(image, tf.stack([seed, position]), self._training.augmentation)
            return tf.ensure_shape(augmented, image.shape), tf.ensure_shape(label, ())

        return tf.function(view, autograph=False)

    def _order(self, epoch: int, length: int) -> NDArray[np.int64]:
        order = self._orders.get((epoch, length))
        if order is None:
            training = self._training
            order = epoch_order(
                self._examples.labels, length, balance=training.balance, seed=training.seed, epoch=epoch
            )
            self._orders = {(epoch, length): order}  # only the current order is kept: 13 MB for 1.58 million images
        return order

    def _first_readable(self, order: NDArray[np.int64], position: int, size_px: int) -> tuple[bytes, Any]:
        for index in chain(order[position:], order[:position]):
            photo = self._examples.photo(index)
            try:
                return self._images.jpeg(photo.path, size_px), self._examples.labels[index]
            except UnreadableImage as error:
                if index not in self._reported:
                    self._reported.add(index)
                    log.warning("replaced by the next image: %s", error)
        raise UnreadableImage("no image of the epoch can be read; attach the competition's own files")
