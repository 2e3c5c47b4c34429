"""Images to embeddings: decoded ahead by threads, embedded in batches."""

import logging
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from landmarks.dataset import Photo
from landmarks.delg import Delg
from landmarks.errors import UnreadableImage
from landmarks.images import global_pixels, local_pixels
from landmarks.prefetch import ahead
from landmarks.settings import EmbeddingSettings, NetworkSettings

log = logging.getLogger(__name__)

Vector = NDArray[np.float32]
Pixels = NDArray[Any]


@dataclass(frozen=True, kw_only=True)
class DelgGlobal:
    """DELG as a global model: its descriptor of the image as stored, or turned as EXIF says."""

    delg: Delg
    exif_rotation: bool = False


Model = tuple[Any, NetworkSettings] | DelgGlobal
"""A Keras model from images to embeddings with the sizes it is fed with, or DELG."""


class Embedder:
    """One or more models that see the same images; compiled once, used for both splits."""

    def __init__(self, models: Sequence[Model], settings: EmbeddingSettings) -> None:
        self._settings = settings
        self._parts: list[_Part] = [
            _DelgPart(model) if isinstance(model, DelgGlobal) else _NetworkPart(*model, settings.jpeg_quality)
            for model in models
        ]

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

    def _read(self, photo: Photo) -> tuple[Photo, list[Pixels]]:
        """Return the pixels for each model; models that see the same share them. None where it is unreadable."""
        readers = {part.view: part.read for part in self._parts}
        try:
            views = {view: read(photo.path) for view, read in readers.items()}
        except UnreadableImage as error:
            log.warning("skipped: %s", error)
            return photo, []
        return photo, [views[part.view] for part in self._parts]

    def _embed(self, images: list[list[Pixels]]) -> Vector:
        if not images:
            return np.empty((0, 0), np.float32)
        parts = [part.embed(views) for part, views in zip(self._parts, zip(*images, strict=True), strict=True)]
        vectors: Vector = np.concatenate(parts, axis=1).astype(np.float32)
        return vectors


class _Part(Protocol):
    """One model's share of an embedding."""

    view: Hashable
    """What it sees: parts of one view read an image once."""

    def read(self, path: Path) -> Pixels: ...

    def embed(self, views: Sequence[Pixels]) -> Vector: ...


class _NetworkPart:
    def __init__(self, model: Any, network: NetworkSettings, jpeg_quality: int) -> None:
        self.view: Hashable = (network.resize_px, network.input_px, jpeg_quality)
        self._sizes = {"resize_px": network.resize_px, "input_px": network.input_px, "jpeg_quality": jpeg_quality}
        self._forward = _compiled(model)

    def read(self, path: Path) -> Pixels:
        return global_pixels(path, **self._sizes)

    def embed(self, views: Sequence[Pixels]) -> Vector:
        embedded: Vector = self._forward(np.stack(views)).numpy()
        return embedded


class _DelgPart:
    """Images keep their own sizes, so they go one at a time."""

    def __init__(self, model: DelgGlobal) -> None:
        self.view: Hashable = ("as stored", model.exif_rotation)
        self._model = model

    def read(self, path: Path) -> Pixels:
        return local_pixels(path, exif_rotation=self._model.exif_rotation)

    def embed(self, views: Sequence[Pixels]) -> Vector:
        return np.stack([self._model.delg.describe(view) for view in views])


def _compiled(model: Any) -> Any:
    """Trace the model once for batches of any length: `predict` would take several times as long."""
    signature = [tf.TensorSpec((None, *model.inputs[0].shape[1:]), tf.float32)]
    return tf.function(lambda images: model(images, training=False), input_signature=signature)
