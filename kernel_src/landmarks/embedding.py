"""Images to embeddings: decoded ahead by threads, embedded in batches."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from landmarks.dataset import Photo
from landmarks.errors import UnreadableImage
from landmarks.images import global_pixels
from landmarks.prefetch import ahead
from landmarks.settings import EmbeddingSettings, NetworkSettings

log = logging.getLogger(__name__)

Model = tuple[Any, NetworkSettings]
"""A Keras model from images to embeddings, and the sizes it is fed with."""


Vector = NDArray[np.float32]


class Embedder:
    """One or more models that see the same images; compiled once, used for both splits."""

    def __init__(self, models: Sequence[Model], settings: EmbeddingSettings) -> None:
        self._settings = settings
        self._sizes = [(network.resize_px, network.input_px) for _, network in models]
        self._forward = [_compiled(model) for model, _ in models]

    def __call__(self, photos: Iterable[Photo]) -> Iterator[tuple[Photo, Vector | None]]:
        """Yield each photo with its embedding; with None, and a line in the log, if it cannot be read.

        An embedding is float32 of shape (d,): the models' own side by side in the models' order, not normalised.
        Photos come in their order, ``settings.batch`` of them go through a model at a time.
        """
        depth = 2 * self._settings.batch
        read = ahead(self._read, photos, threads=self._settings.decode_threads, depth=depth)
        while batch := list(islice(read, self._settings.batch)):
            vectors = iter(self._embed([pixels for _, pixels in batch if pixels]))
            for photo, pixels in batch:
                yield photo, next(vectors) if pixels else None

    def _read(self, photo: Photo) -> tuple[Photo, list[Vector]]:
        """Return the pixels for each model; models of one size share them. None where the photo is unreadable."""
        quality = self._settings.jpeg_quality
        try:
            views = {
                (resize_px, input_px): global_pixels(
                    photo.path, resize_px=resize_px, input_px=input_px, jpeg_quality=quality
                )
                for resize_px, input_px in dict.fromkeys(self._sizes)
            }
        except UnreadableImage as error:
            log.warning("skipped: %s", error)
            return photo, []
        return photo, [views[size] for size in self._sizes]

    def _embed(self, images: list[list[Vector]]) -> Vector:
        if not images:
            return np.empty((0, 0), np.float32)
        inputs = [np.stack(views) for views in zip(*images, strict=True)]
        parts = [forward(views).numpy() for forward, views in zip(self._forward, inputs, strict=True)]
        vectors: Vector = np.concatenate(parts, axis=1).astype(np.float32)
        return vectors


def _compiled(model: Any) -> Any:
    """Trace the model once for batches of any length: `predict` would take several times as long."""
    signature = [tf.TensorSpec((None, *model.inputs[0].shape[1:]), tf.float32)]
    return tf.function(lambda images: model(images, training=False), input_signature=signature)
