"""Evaluation of a network with the pipeline's retrieval, vote and metric on the held-out images."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from landmarks.errors import UnreadableImage
from landmarks.gap import global_average_precision
from landmarks.prefetch import prefetch
from landmarks.ranking import Neighbour, vote
from landmarks.retrieval import nearest
from landmarks.training.data import Images
from landmarks.training.examples import Examples
from landmarks.training.settings import StageSettings, ValidationSettings
from landmarks.training.split import Split

Vectors = NDArray[np.float32]
Embed = Callable[[NDArray[np.float32]], Vectors]
"""A function from images, float32 of shape (batch, size_px, size_px, 3), to embeddings of shape (batch, d)."""

THREADS = 4  # that decode images in advance

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Validation:
    """The scores of a network on the held-out images.

    Attributes
    ----------
    gap : float
        GAP of the predictions by nearest neighbours, 0 to 1; see `landmarks.gap`.
    top1 : float
        Share of the queries with a trained landmark whose nearest neighbour shows the same landmark, 0 to 1.
    queries, gallery : int
        Number of queries, and of gallery images that they were compared with.
    """

    gap: float
    top1: float
    queries: int
    gallery: int


def validate(
    embed: Embed, parts: Split, images: Images, settings: ValidationSettings, stage: StageSettings
) -> Validation:
    """Predict the landmarks of the held-out queries by retrieval without verification, and score the predictions.

    As the metric defines, the prediction for a distractor takes a rank but cannot be correct. A query that is not
    readable, or whose trained landmark is not in the gallery, counts as missed.

    Parameters
    ----------
    embed : callable
        Computes embeddings. It is called with batches of one shape only.
    parts : Split
        Gallery and queries.
    images : Images
        Reads the images.
    settings : ValidationSettings
        Retrieval and vote.
    stage : StageSettings
        Image size and batch size.

    Returns
    -------
    Validation
        GAP, top-1 accuracy, and number of images.
    """
    gallery, gallery_rows = _embedded(embed, parts.gallery, images, stage)
    queries, query_rows = _embedded(embed, parts.queries, images, stage)
    neighbours = [*nearest(queries, gallery, settings.retrieval)] if len(gallery) and len(queries) else []
    classes, labels = parts.gallery.classes, parts.gallery.labels[gallery_rows]
    truth = {
        str(row): (classes[label],) if label >= 0 else () for row, label in enumerate(parts.queries.labels.tolist())
    }
    predictions, right = [], 0
    for row, near in zip(query_rows.tolist(), neighbours, strict=False):
        candidates = [
            Neighbour(str(index), classes[labels[index]], float(cosine))
            for index, cosine in zip(near.indices, near.cosines, strict=True)
        ]
        if prediction := vote(candidates, settings.ranking):
            predictions.append((str(row), prediction.label, prediction.score))
            right += bool(labels[near.indices[0]] == parts.queries.labels[row])
    shown = int((parts.queries.labels >= 0).sum())
    return Validation(
        gap=global_average_precision(predictions, truth),
        top1=right / shown if shown else 0.0,
        queries=len(parts.queries),
        gallery=len(gallery),
    )


def _embedded(
    embed: Embed, examples: Examples, images: Images, stage: StageSettings
) -> tuple[Vectors, NDArray[np.int64]]:
    """Return embeddings and the indices of their images. Unreadable images are logged and skipped."""

    def read(index: int) -> NDArray[np.float32] | None:
        path: Path = examples.photo(index).path
        try:
            return images.pixels(path, stage.size_px)
        except UnreadableImage as error:
            log.warning("left out of the validation: %s", error)
            return None

    rows: list[int] = []
    vectors: list[Vectors] = []
    pending: list[NDArray[np.float32]] = []
    for index, pixels in enumerate(prefetch(read, range(len(examples)), threads=THREADS, depth=2 * stage.batch)):
        if pixels is not None:
            rows.append(index)
            pending.append(pixels)
        if len(pending) == stage.batch:
            vectors.append(embed(np.stack(pending)))
            pending = []
    if pending:  # pad the last batch, because the network is traced for one shape
        vectors.append(embed(np.resize(np.stack(pending), (stage.batch, *pending[0].shape)))[: len(pending)])
    return np.concatenate(vectors) if vectors else np.zeros((0, 1), np.float32), np.array(rows, np.int64)
