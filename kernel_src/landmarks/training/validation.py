"""How good a network is: the pipeline's own retrieval, vote and metric on the held-out images."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from landmarks.errors import UnreadableImage
from landmarks.gap import global_average_precision
from landmarks.prefetch import ahead
from landmarks.ranking import Neighbour, vote
from landmarks.retrieval import Nearest, nearest
from landmarks.training.data import Images
from landmarks.training.examples import Examples
from landmarks.training.settings import StageSettings, ValidationSettings
from landmarks.training.split import Split

Vectors = NDArray[np.float32]
Embed = Callable[[NDArray[np.float32]], Vectors]
"""From images, float32 of shape (batch, size_px, size_px, 3), to embeddings of shape (batch, d)."""

THREADS = 4  # that decode ahead of the network

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Validation:
    """What the held-out images say; the number of queries, and of gallery images they were compared with.

    Attributes
    ----------
    gap : float
        Of the vote over the nearest neighbours, 0 to 1, as `landmarks.gap` defines it.
    top1 : float
        Share of the queries that show a trained landmark whose nearest neighbour shows the same, 0 to 1.
    """

    gap: float
    top1: float
    queries: int
    gallery: int


def validate(
    embed: Embed, parts: Split, images: Images, settings: ValidationSettings, stage: StageSettings
) -> Validation:
    """Look the held-out queries up in the gallery, as the recognition pipeline does before it verifies.

    A query whose landmark is not in the gallery counts as the metric says: a distractor has no right answer, so that
    its prediction only takes a place in the order; one whose landmark is trained, but not in the gallery or not
    readable, is missed.

    Parameters
    ----------
    embed : callable
        The network so far; all batches have the same shape.
    parts : Split
        Gallery and queries.
    images : Images
        Where pixels come from.
    settings : ValidationSettings
        Retrieval and vote.
    stage : StageSettings
        Side of the images, and how many are embedded at once.
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
        if prediction := vote(_neighbours(near, labels, classes), settings.ranking):
            predictions.append((str(row), prediction.label, prediction.score))
            right += bool(labels[near.indices[0]] == parts.queries.labels[row])
    shown = int((parts.queries.labels >= 0).sum())
    return Validation(
        gap=global_average_precision(predictions, truth),
        top1=right / shown if shown else 0.0,
        queries=len(parts.queries),
        gallery=len(gallery),
    )


def _neighbours(near: Nearest, labels: NDArray[np.int32], classes: tuple[str, ...]) -> list[Neighbour]:
    return [
        Neighbour(str(index), classes[labels[index]], float(cosine))
        for index, cosine in zip(near.indices, near.cosines, strict=True)
    ]


def _embedded(
    embed: Embed, examples: Examples, images: Images, stage: StageSettings
) -> tuple[Vectors, NDArray[np.int64]]:
    """Return embeddings, and which images they are of: what cannot be read is left out, with a line in the log."""

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
    for index, pixels in enumerate(ahead(read, range(len(examples)), threads=THREADS, depth=2 * stage.batch)):
        if pixels is not None:
            rows.append(index)
            pending.append(pixels)
        if len(pending) == stage.batch:
            vectors.append(embed(np.stack(pending)))
            pending = []
    if pending:  # filled up, so that the network is traced for one shape
        vectors.append(embed(np.resize(np.stack(pending), (stage.batch, *pending[0].shape)))[: len(pending)])
    return np.concatenate(vectors) if vectors else np.zeros((0, 1), np.float32), np.array(rows, np.int64)
