"""Images to embeddings: decoded ahead by threads, embedded in batches."""

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
from landmarks.prefetch import ahead
from landmarks.replicas import Replicas
from landmarks.retrieval import unit
from landmarks.settings import EmbeddingSettings, NetworkSettings

log = logging.getLogger(__name__)

Vector = NDArray[np.float32]
Pixels = NDArray[Any]
Views = dict[Hashable, Pixels]
"""What each kind of model sees of an image; models that see the same share it."""

OUT_OF_MEMORY = (MemoryError, tf.errors.ResourceExhaustedError)

SHARE_OF_TIME = 0.5  # of the time left, that a batch may take: what is under way at the end is lost
UNMEASURED_S = 1.0  # seconds an image, believed before the first batch is done
JUDGED = 4  # images of the first batch at least, as a model is judged by them


@dataclass(frozen=True, kw_only=True)
class DelgGlobal:
    """DELG as a global model: its descriptor of the image as stored, or turned as EXIF says."""

    delg: Delg
    exif_rotation: bool = False


Model = tuple[Any, NetworkSettings] | DelgGlobal
"""A Keras model from images to embeddings with the sizes it is fed with, or DELG."""


class Embedder:
    """One or more models that see the same images; compiled once, used for both splits.

    Parameters
    ----------
    models : sequence of Model
        The order of their parts of an embedding.
    settings : EmbeddingSettings
        Batch, threads and the quality of the JPEG that networks see.
    faults : ImageFaults, optional
        Where photos that fail are noted.
    keep_going : bool
        Leave a model out whose embeddings of the first images are useless, rather than raise `WrongWeights`.

    Raises
    ------
    ValueError
        If ``settings.weights`` are not one per model.
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
        self._tried = False
        self._seconds = UNMEASURED_S
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
        """Yield each photo with its embedding; with None, and a line in the log, if it cannot be read or embedded.

        An embedding is float32 of shape (d,): the models' own side by side in the models' order, not normalised unless
        ``settings.weights`` gives their norms.
        Photos come in their order, ``settings.batch`` of them go through a model at a time; fewer where memory ends, or
        where by the pace of the batch before they would take more than half of the time left ``until`` the end.

        Raises
        ------
        WrongWeights
            If a model gives the first images no usable embedding; with ``keep_going``, if no model does.
        """
        depth = 2 * self._settings.batch
        read = ahead(self._read, photos, threads=self._settings.decode_threads, depth=depth)
        started = time.time()
        while batch := list(islice(read, self._fitting(until - started))):
            vectors = iter(self._embed([(photo, views) for photo, views in batch if views]))
            now = time.time()
            self._seconds, started = (now - started) / len(batch), now
            for photo, views in batch:
                yield photo, next(vectors) if views else None

    def _fitting(self, left: float) -> int:
        """Return how many images the next batch takes, by the seconds that are left."""
        most, least = self._settings.batch, 1 if self._tried else JUDGED
        fit = left * SHARE_OF_TIME / max(self._seconds, 1e-6)
        return int(min(most, max(least, fit)))

    def _read(self, photo: Photo) -> tuple[Photo, Views]:
        """Return the pixels by view; models that see the same share them. None where it is unreadable."""
        readers = {part.view: part.read for part in self._parts}
        try:
            return photo, {view: read(photo.path) for view, read in readers.items()}
        except Exception as error:  # noqa: BLE001 - whatever one image does to a decoder, the others are embedded
            self._faults.add("skipped", photo, error)
            return photo, {}

    def _embed(self, images: list[tuple[Photo, Views]]) -> list[Vector | None]:
        columns = [self._run(part, images) for part in self._parts] if self._tried else self._try(images)
        return [self._joined(photo, parts) for (photo, _), *parts in zip(images, *columns, strict=True)]

    def _try(self, images: list[tuple[Photo, Views]]) -> list[list[Vector | None]]:
        """Look at the first embeddings of each model, before hours are spent on others like them."""
        if not images:
            return [[] for _ in self._parts]
        columns = {id(part): self._run(part, images) for part in self._parts}
        for part in [*self._parts]:
            problem = _useless([vector for vector in columns[id(part)] if vector is not None], len(images))
            if problem and not self._keep_going:
                raise WrongWeights(f"{part.name}: {problem}; attach weights that were trained")
            if problem:
                log.error("%s is left out: %s", part.name, problem)
                self._parts.remove(part)
        if not self._parts:
            raise WrongWeights("no global model gives usable embeddings; attach weights that were trained")
        self._tried = True
        return [columns[id(part)] for part in self._parts]

    def _run(self, part: "_Part", images: Sequence[tuple[Photo, Views]]) -> list[Vector | None]:
        """Embed images with one model; the batch is halved, for good, where memory ends."""
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
                        self._faults.add("skipped", photo, _shortened(error))
                else:
                    raise
        return vectors

    def _joined(self, photo: Photo, parts: Sequence[Vector | None]) -> Vector | None:
        present = [part for part in parts if part is not None]
        if len(present) < len(parts):
            return None
        if not all(np.isfinite(part).all() for part in present):
            self._faults.add("skipped", photo, ArithmeticError("its embedding is not finite"))
            return None
        weighted = [_weighted(vector, part.weight) for vector, part in zip(present, self._parts, strict=True)]
        return np.concatenate(weighted).astype(np.float32)


def _weighted(vector: Vector, weight: float | None) -> Vector:
    return vector if weight is None else (weight * unit(vector[None])[0]).astype(np.float32)


def _shortened(error: Exception) -> Exception:
    """Return an error with the first line alone: TensorFlow's are the state of its allocator, over pages."""
    return RuntimeError(f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}")


def _useless(vectors: Sequence[Vector], images: int) -> str | None:
    """Say why the embeddings of the first images tell no image from another; None where they do."""
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
    """One model's share of an embedding."""

    name: str
    view: Hashable
    """What it sees: parts of one view read an image once."""
    weight: float | None
    """The norm of its vectors in an embedding; None leaves them as they are."""

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
            lambda copy, images: _over_views(lambda view: copy(view, training=False), images, settings),
            settings.precision,
        )

    def read(self, path: Path) -> Pixels:
        return global_pixels(path, **self._sizes)

    def embed(self, views: Sequence[Pixels]) -> Vector:
        return self._embed(np.stack(views))


def _over_views(forward: Callable[[Any], Any], images: Any, settings: EmbeddingSettings) -> Any:
    """Return the embeddings of images: their own of a single view, else the sum of the unit ones of all views."""
    views = [_middle(images, zoom) for zoom in settings.zooms]
    views += [tf.reverse(view, axis=[2]) for view in views if settings.flip]
    if len(views) == 1:
        return forward(views[0])
    return tf.add_n([tf.math.l2_normalize(forward(view), axis=1) for view in views])


def _middle(images: Any, zoom: float) -> Any:
    if zoom == 1.0:
        return images
    return tf.image.resize(tf.image.central_crop(images, 1.0 / zoom), images.shape[1:3])


class _DelgPart:
    """Images keep their own sizes, so they go one at a time."""

    name = "DELG's global descriptor"
    weight: float | None = None

    def __init__(self, model: DelgGlobal) -> None:
        self.view: Hashable = ("as stored", model.exif_rotation)
        self._model = model

    def read(self, path: Path) -> Pixels:
        return local_pixels(path, exif_rotation=self._model.exif_rotation)

    def embed(self, views: Sequence[Pixels]) -> Vector:
        return np.stack([self._model.delg.describe(view) for view in views])
