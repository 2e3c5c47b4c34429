"""Images to embeddings: decoded ahead by threads, embedded in batches."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Embedded:
    """Photos with their embeddings.

    Attributes
    ----------
    photos : list of Photo
        Those that could be read.
    vectors : ndarray, float32, shape (photos, d)
        One row a photo: the models' embeddings side by side in the models' order, not normalised.
    """

    photos: list[Photo]
    vectors: NDArray[np.float32]


class Embedder:
    """One or more models that see the same images; compiled once, used for both splits."""

    def __init__(self, models: Sequence[Model], settings: EmbeddingSettings) -> None:
        self._settings = settings
        self._sizes = [(network.resize_px, network.input_px) for _, network in models]
        self._forward = [_compiled(model) for model, _ in models]

    def __call__(self, photos: Iterable[Photo]) -> Embedded:
        """Embed all photos; one that cannot be read is logged and left out."""
        batches = [*self.batches(photos)]
        if not batches:
            return Embedded([], np.empty((0, 0), np.float32))
        vectors = np.concatenate([batch.vectors for batch in batches])
        return Embedded([photo for batch in batches for photo in batch.photos], vectors)

    def batches(self, photos: Iterable[Photo]) -> Iterator[Embedded]:
        """Yield embeddings in the order of the photos, ``settings.batch`` readable photos at a time."""
        kept: list[tuple[Photo, list[NDArray[np.float32]]]] = []
        depth = 2 * self._settings.batch
        for photo, pixels in ahead(self._read, photos, threads=self._settings.decode_threads, depth=depth):
            if pixels:
                kept.append((photo, pixels))
            if len(kept) == self._settings.batch:
                yield self._embed(kept)
                kept = []
        if kept:
            yield self._embed(kept)

    def _read(self, photo: Photo) -> tuple[Photo, list[NDArray[np.float32]]]:
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

    def _embed(self, kept: list[tuple[Photo, list[NDArray[np.float32]]]]) -> Embedded:
        inputs = [np.stack(views) for views in zip(*(pixels for _, pixels in kept), strict=True)]
        parts = [forward(images).numpy() for forward, images in zip(self._forward, inputs, strict=True)]
        return Embedded([photo for photo, _ in kept], np.concatenate(parts, axis=1).astype(np.float32))


def _compiled(model: Any) -> Any:
    """Trace the model once for batches of any length: `predict` would take several times as long."""
    signature = [tf.TensorSpec((None, *model.inputs[0].shape[1:]), tf.float32)]
    return tf.function(lambda images: model(images, training=False), input_signature=signature)
