"""Embedding of images: threads decode them in advance, and models embed them in batches."""

import logging
import time
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from landmarks.dataset import Photo
from landmarks.delg import Delg
from landmarks.errors import WrongWeights
from landmarks.faults import ImageFaults
from landmarks.images import global_pixels, local_pixels
from landmarks.prefetch import prefetch
from landmarks.replicas import Replicas
from landmarks.retrieval import l2_normalise
from landmarks.settings import EmbeddingSettings, NetworkSettings

log = logging.getLogger(__name__)

Vector = NDArray[np.float32]
Pixels = NDArray[Any]
Views = dict[Hashable, Pixels]
"""The pixels of an image by input format. Models with the same input format share them."""

OUT_OF_MEMORY = (MemoryError, tf.errors.ResourceExhaustedError)

SHARE_OF_TIME = 0.5  # share of the remaining time that a batch may take; a batch that is interrupted is lost
INITIAL_SECONDS = 1.0  # assumed seconds per image before the first batch
MIN_FIRST_BATCH = 4  # images, because the model is checked on the first batch


@dataclass(frozen=True, kw_only=True)
class DelgGlobal:
    """DELG as a global model. It sees the stored image, or with ``exif_rotation`` the image in its EXIF orientation."""

    delg: Delg
    exif_rotation: bool = False


Model = tuple[Any, NetworkSettings] | DelgGlobal
"""A Keras model from images to embeddings and its settings, or DELG."""


class Embedder:
    """Embeds images with one or more models, and concatenates their embeddings.

    Parameters
    ----------
    models : sequence of Model
        In the order in which their embeddings are concatenated.
    settings : EmbeddingSettings
        How images are embedded.
    faults : ImageFaults, optional
        Where failed images are recorded.
    keep_going : bool
        Log and skip a model whose embeddings of the first images are unusable, instead of raising `WrongWeights`.

    Raises
    ------
    ValueError
        If the number of ``settings.weights`` is not the number of models.
    """

    def __init__(
        self,
        models: Sequence[Model],
        settings: EmbeddingSettings,
        faults: ImageFaults | None = None,
        *,
        keep_going: bool = False,
    ) -> None:
        self._settings = settings
        self._faults = faults or ImageFaults()
        self._keep_going = keep_going
        self._batch = settings.batch
        self._checked = False
        self._seconds = INITIAL_SECONDS
        self._parts: list[_Part] = [
            _DelgPart(model) if isinstance(model, DelgGlobal) else _NetworkPart(*model, settings) for model in models
        ]
        if settings.weights and len(settings.weights) != len(models):
            raise ValueError(
                f"EmbeddingSettings.weights = {settings.weights} for {len(models)} models; write one per model"
            )
        for part, weight in zip(self._parts, settings.weights or (), strict=False):
            part.weight = weight

    def __call__(self, photos: Iterable[Photo], until: float = float("inf")) -> Iterator[tuple[Photo, Vector | None]]:
        """Yield each photo, in order, with its embedding, or with None (logged) if it cannot be read or embedded.

        A batch has ``settings.batch`` photos. It is smaller if memory runs out, or if the batch would take more than
        half of the remaining time at the speed of the previous batch.

        Parameters
        ----------
        photos : iterable of Photo
            The images.
        until : float
            The deadline, in seconds since the epoch. It limits only the size of the batches.

        Yields
        ------
        photo : Photo
            The image.
        embedding : ndarray, float32, shape (d,), or None
            The concatenated embeddings of all models. It is not normalised, unless ``settings.weights`` defines norms.

        Raises
        ------
        WrongWeights
            If the embeddings of the first images by a model are unusable; with ``keep_going``, if those of all models
            are.
        """
        depth = 2 * self._settings.batch
        read = prefetch(self._read, photos, threads=self._settings.decode_threads, depth=depth)
        started = time.time()
        while batch := list(islice(read, self._batch_size(until - started))):
            vectors = iter(self._embed([(photo, views) for photo, views in batch if views]))
            now = time.time()
            self._seconds, started = (now - started) / len(batch), now
            for photo, views in batch:
                yield photo, next(vectors) if views else None

    def _batch_size(self, seconds_left: float) -> int:
        least = 1 if self._checked else MIN_FIRST_BATCH
        affordable = seconds_left * SHARE_OF_TIME / max(self._seconds, 1e-6)
        return int(min(self._settings.batch, max(least, affordable)))

    def _read(self, photo: Photo) -> tuple[Photo, Views]:
        """Return a photo and its pixels by input format. There are none if it cannot be read."""
        readers = {part.view: part.read for part in self._parts}
        try:
            return photo, {view: read(photo.path) for view, read in readers.items()}
        except Exception as error:  # noqa: BLE001 - one image that breaks a decoder must not stop the others
            self._faults.add("skipped", photo, error)
            return photo, {}

    def _embed(self, images: list[tuple[Photo, Views]]) -> list[Vector | None]:
        columns = [self._run(part, images) for part in self._parts] if self._checked else self._embed_first(images)
        return [self._concatenated(photo, parts) for (photo, _), *parts in zip(images, *columns, strict=True)]

    def _embed_first(self, images: list[tuple[Photo, Views]]) -> list[list[Vector | None]]:
        """Embed the first batch, and reject models with unusable embeddings before hours are spent on them."""
        if not images:
            return [[] for _ in self._parts]
        columns = {id(part): self._run(part, images) for part in self._parts}
        for part in [*self._parts]:
            problem = _find_defect([vector for vector in columns[id(part)] if vector is not None], len(images))
            if problem and not self._keep_going:
                raise WrongWeights(f"{part.name}: {problem}; attach weights that were trained")
            if problem:
                log.error("%s is left out: %s", part.name, problem)
                self._parts.remove(part)
        if not self._parts:
            raise WrongWeights("no global model gives usable embeddings; attach weights that were trained")
        self._checked = True
        return [columns[id(part)] for part in self._parts]

    def _run(self, part: "_Part", images: Sequence[tuple[Photo, Views]]) -> list[Vector | None]:
        """Embed images with one model. If memory runs out, the batch size is halved for the rest of the run."""
        vectors: list[Vector | None] = []
        while batch := images[len(vectors) : len(vectors) + self._batch]:
            try:
                vectors += [*part.embed([views[part.view] for _, views in batch])]
            except Exception as error:
                out_of_memory = isinstance(error, OUT_OF_MEMORY)
                if out_of_memory and len(batch) > 1:
                    self._batch = len(batch) // 2
                    log.warning("out of memory: batches of %d images from here on", self._batch)
                elif out_of_memory or self._keep_going:
                    vectors += [None] * len(batch)
                    for photo, _ in batch:
                        self._faults.add("skipped", photo, _first_line(error))
                else:
                    raise
        return vectors

    def _concatenated(self, photo: Photo, parts: Sequence[Vector | None]) -> Vector | None:
        present = [part for part in parts if part is not None]
        if len(present) < len(parts):
            return None
        if not all(np.isfinite(part).all() for part in present):
            self._faults.add("skipped", photo, ArithmeticError("its embedding is not finite"))
            return None
        weighted: list[Vector] = [
            vector if part.weight is None else (part.weight * l2_normalise(vector[None])[0]).astype(np.float32)
            for vector, part in zip(present, self._parts, strict=True)
        ]
        return np.concatenate(weighted).astype(np.float32)


def _first_line(error: Exception) -> Exception:
    """Shorten an error to its first line: TensorFlow appends pages of allocator state."""
    return RuntimeError(f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}")


def _find_defect(vectors: Sequence[Vector], images: int) -> str | None:
    """Return why the embeddings of the first images are unusable; None if they are usable."""
    if not vectors:
        return f"none of the first {images} images can be embedded"
    finite = sum(bool(np.isfinite(vector).all()) for vector in vectors)
    if finite < len(vectors):
        return f"{len(vectors) - finite} of the first {images} embeddings are not finite"
    if not any(vector.any() for vector in vectors):
        return f"the first {images} embeddings are all 0"
    if len(vectors) > 2 and not np.ptp(vectors, axis=0).any():
        return f"the first {images} embeddings are all the same"
    return None


class _Part(Protocol):
    """One model of an ensemble, with its part of the concatenated embedding."""

    name: str
    view: Hashable
    """The input format. Parts with the same input format read an image once."""
    weight: float | None
    """The norm of this part of the embedding. None leaves it as it is."""

    def read(self, path: Path) -> Pixels: ...

    def embed(self, views: Sequence[Pixels]) -> Vector: ...


class _NetworkPart:
    weight: float | None = None

    def __init__(self, model: Any, network: NetworkSettings, settings: EmbeddingSettings) -> None:
        self.name = f"the global model {network.backbone} of {network.input_px} px"
        self.view: Hashable = (network.resize_px, network.input_px, settings.jpeg_quality)
        self._sizes = {"resize_px": network.resize_px, "input_px": network.input_px}
        self._sizes["jpeg_quality"] = settings.jpeg_quality
        self._embed = Replicas(
            model,
            lambda copy, images: _embed_views(lambda view: copy(view, training=False), images, settings),
            settings.precision,
        )

    def read(self, path: Path) -> Pixels:
        return global_pixels(path, **self._sizes)

    def embed(self, views: Sequence[Pixels]) -> Vector:
        return self._embed(np.stack(views))


def _embed_views(forward: Callable[[Any], Any], images: Any, settings: EmbeddingSettings) -> Any:
    """Return the sum of the normalised embeddings of all views; with a single view, its embedding as it is."""
    views = [_centre_zoom(images, zoom) for zoom in settings.zooms]
    views += [tf.reverse(view, axis=[2]) for view in views if settings.flip]
    if len(views) == 1:
        return forward(views[0])
    return tf.add_n([tf.math.l2_normalize(forward(view), axis=1) for view in views])


def _centre_zoom(images: Any, zoom: float) -> Any:
    if zoom == 1.0:
        return images
    return tf.image.resize(tf.image.central_crop(images, 1.0 / zoom), images.shape[1:3])


class _DelgPart:
    """DELG embeds images in their own sizes, so one at a time."""

    name = "DELG's global descriptor"
    weight: float | None = None

    def __init__(self, model: DelgGlobal) -> None:
        self.view: Hashable = ("as stored", model.exif_rotation)
        self._model = model

    def read(self, path: Path) -> Pixels:
        return local_pixels(path, exif_rotation=self._model.exif_rotation)

    def embed(self, views: Sequence[Pixels]) -> Vector:
        return np.stack([self._model.delg.describe(view) for view in views])
