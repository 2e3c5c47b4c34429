"""Nearest neighbours in a gallery of several parts: found in each part on its own, then merged."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landmarks import retrieval
from landmarks.retrieval import Matrix, Nearest
from landmarks.settings import RetrievalSettings

Match = tuple[str, float]
"""The id of a gallery image, and its cosine to the query."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """Embeddings of a part of the gallery; ``ids`` ascend, so that ties within it are by id too."""

    ids: Sequence[str]
    vectors: Matrix


def nearest(
    queries: NDArray[np.floating[Any]], parts: Sequence[Part], settings: RetrievalSettings
) -> Iterator[list[Match]]:
    """Yield each query's neighbours, best first; of equal cosines the one with the lower id.

    They are those that `landmarks.retrieval.nearest` finds in all parts as one matrix, sorted by id. Memory is that of
    one batch of queries with one tile for each part, however large the parts are.

    Parameters
    ----------
    queries : ndarray, shape (q, d)
        Embeddings, of any norm.
    parts : sequence of Part
        An id stands in one of them.
    settings : RetrievalSettings
        How many neighbours, and how many queries and rows of a part at once.
    """
    by_part = [retrieval.nearest_float64(queries, part.vectors, settings) for part in parts]
    for results in zip(*by_part, strict=True):
        yield merged([matches(result, part) for result, part in zip(results, parts, strict=True)], settings.neighbours)


def matches(result: Nearest, part: Part) -> list[Match]:
    """Return a query's neighbours in a part by their ids."""
    rows, cosines = result.indices.tolist(), result.cosines.tolist()
    return [(part.ids[row], cosine) for row, cosine in zip(rows, cosines, strict=True)]


def merged(by_part: Iterable[Iterable[Match]], neighbours: int) -> list[Match]:
    """Return the best matches of all parts, their cosines as float32: they are rounded after they were compared."""
    best = nsmallest(neighbours, (match for part in by_part for match in part), key=lambda match: (-match[1], match[0]))
    return [(image_id, float(np.float32(cosine))) for image_id, cosine in best]
