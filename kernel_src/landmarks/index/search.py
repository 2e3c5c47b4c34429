"""Nearest neighbours in a gallery of several parts: each part is searched separately, and the results are merged."""

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
"""The id of a gallery image, and its cosine similarity to the query."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """Embeddings of a part of the gallery. ``ids`` must be sorted, so that ties are resolved by id."""

    ids: Sequence[str]
    vectors: Matrix


def nearest(
    queries: NDArray[np.floating[Any]], parts: Sequence[Part], settings: RetrievalSettings
) -> Iterator[list[Match]]:
    """Yield the neighbours of each query, best first. Of equal cosines, the lower id comes first.

    The result is that of `landmarks.retrieval.nearest` on one matrix of all parts, sorted by id. Memory is that of one
    batch of queries and one tile per part, and does not depend on the size of the parts.

    Parameters
    ----------
    queries : ndarray, shape (q, d)
        Embeddings with any norm.
    parts : sequence of Part
        The gallery. Each id is in one part only.
    settings : RetrievalSettings
        Number of neighbours, and sizes of batches and tiles.
    """
    by_part = [retrieval.nearest_float64(queries, part.vectors, settings) for part in parts]
    for results in zip(*by_part, strict=True):
        yield merge(
            [to_matches(result, part) for result, part in zip(results, parts, strict=True)], settings.neighbours
        )


def to_matches(result: Nearest, part: Part) -> list[Match]:
    """Convert the neighbours of a query in a part from rows to ids."""
    rows, cosines = result.indices.tolist(), result.cosines.tolist()
    return [(part.ids[row], cosine) for row, cosine in zip(rows, cosines, strict=True)]


def merge(by_part: Iterable[Iterable[Match]], neighbours: int) -> list[Match]:
    """Return the best matches of all parts. Cosines are compared in float64 and returned rounded to float32."""
    best = nsmallest(neighbours, (match for part in by_part for match in part), key=lambda match: (-match[1], match[0]))
    return [(image_id, float(np.float32(cosine))) for image_id, cosine in best]
