"""Exact nearest neighbours by cosine similarity, computed tile by tile."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from landmarks.settings import RetrievalSettings

ROUNDING = 1e-5  # bound of the error of a float32 cosine; candidates within it are compared in float64
PAIRS = 4096  # pairs that are compared in float64 at a time
BLOCKS_PER_PLACE = 16  # blocks per neighbour, whose maxima bound the cosines of the first tile
KEPT_PER_PLACE = 64  # candidates per query and neighbour; if more tie, candidates that cannot win are removed early


class Matrix(Protocol):
    """A matrix whose rows are read in parts: an array, or anything that is indexed like one."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of rows, and length of an embedding."""

    def __len__(self) -> int: ...

    def __getitem__(self, rows: Any, /) -> NDArray[np.floating[Any]]: ...


@dataclass(frozen=True)
class Nearest:
    """The neighbours of one query, best first. Of equal cosines, the earlier row of the gallery comes first.

    Attributes
    ----------
    indices : ndarray, int64, shape (k,)
        Rows of the gallery. k is ``neighbours``, or the size of the gallery if it is smaller.
    cosines : ndarray, float32 or float64, shape (k,)
        Cosine similarity, -1 to 1: float32 from `nearest`, float64 from `nearest_float64`.
    """

    indices: NDArray[np.int64]
    cosines: NDArray[np.floating[Any]]


def nearest(queries: NDArray[np.floating[Any]], gallery: Matrix, settings: RetrievalSettings) -> Iterator[Nearest]:
    """Yield the nearest neighbours of each query.

    A batch of queries is compared with a tile of the gallery in one float32 matrix product. Pairs that are far from
    the best so far are dropped while the product is in the cache. The remaining pairs are compared again in float64,
    so that equal embeddings have equal cosines regardless of their position. Time is proportional to q g d. Memory,
    besides the inputs, is that of one product and does not depend on the size of the gallery.

    Parameters
    ----------
    queries, gallery : ndarray, float32 or float16, shape (q, d) and (g, d)
        Embeddings with any norm. An embedding with norm 0, or with values that are not finite, has cosine 0 with all
        others. The gallery may be memory-mapped: it is read in order, once per batch of queries.
    settings : RetrievalSettings
        Number of neighbours, and sizes of batches and tiles.

    Yields
    ------
    Nearest
        One per query, in order.

    Raises
    ------
    ValueError
        If the embeddings differ in length.
    """
    for result in nearest_float64(queries, gallery, settings):
        yield Nearest(result.indices, result.cosines.astype(np.float32))


def nearest_float64(
    queries: NDArray[np.floating[Any]], gallery: Matrix, settings: RetrievalSettings
) -> Iterator[Nearest]:
    """Yield the neighbours of each query as `nearest` does, with the float64 cosines that they were sorted by."""
    if queries.shape[1:] != gallery.shape[1:]:
        raise ValueError(f"queries of shape {queries.shape} cannot be compared with a gallery of {gallery.shape}")
    for start in range(0, len(queries), settings.batch):
        candidates = _Candidates(l2_normalise(queries[start : start + settings.batch]), gallery, settings.neighbours)
        for first in range(0, len(gallery) if settings.neighbours else 0, settings.tile):
            candidates.add(l2_normalise(gallery[first : first + settings.tile]), first)
        yield from candidates.nearest()


def l2_normalise(vectors: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """Scale rows to Euclidean norm 1. Rows whose norm is 0 or not finite become zeros.

    Parameters
    ----------
    vectors : ndarray, floating, shape (n, d)
        One vector per row.

    Returns
    -------
    ndarray, float32, shape (n, d)
        A new array.
    """
    scaled: NDArray[np.float32]
    if vectors.dtype == np.float16 and vectors.size:
        # OpenCV converts 20 times as fast as NumPy, with CPU instructions. The result is divided in place.
        vectors = scaled = cv2.convertFp16(vectors.view(np.int16))
    else:
        scaled = np.empty(vectors.shape, np.float32)
    norms = np.sqrt(np.einsum("nd,nd->n", vectors, vectors, dtype=np.float64))
    unusable = ~(np.isfinite(norms) & (norms > 0))
    norms[unusable] = 1.0
    np.divide(vectors, norms[:, None], out=scaled, casting="same_kind")
    scaled[unusable] = 0.0
    return scaled


class _Candidates:
    """The rows of the tiles added so far that may be among the nearest neighbours of a query."""

    def __init__(self, queries: NDArray[np.float32], gallery: Matrix, neighbours: int) -> None:
        self.queries, self.gallery = queries, gallery
        self.best = np.full(
            (len(queries), min(neighbours, len(gallery))), -np.inf, np.float32
        )  # per query, lowest first
        self.rows = self.columns = np.empty(0, np.int64)  # row of queries, row of the gallery
        self.cosines = np.empty(0, np.float32)

    def add(self, tile: NDArray[np.float32], first: int) -> None:
        """Add the candidates of a tile, whose first row is row ``first`` of the gallery."""
        cosines = self.queries @ tile.T
        places = self.best.shape[1]
        bounds = self.best
        if np.isneginf(bounds).any():  # fewer candidates so far than neighbours
            bounds = _largest(np.hstack([bounds, _block_maxima(cosines, BLOCKS_PER_PLACE * places)]), places)
        # Several times as fast as np.nonzero on a two-dimensional array.
        rows, columns = np.divmod(np.flatnonzero(cosines >= bounds[:, :1] - ROUNDING), cosines.shape[1])
        near = _as_table(rows, cosines[rows, columns], len(cosines))
        self.best = _largest(np.hstack([self.best, near]), places)
        self.rows = np.concatenate([self.rows, rows])
        self.columns = np.concatenate([self.columns, columns + first])
        self.cosines = np.concatenate([self.cosines, cosines[rows, columns]])
        if len(self.rows) > KEPT_PER_PLACE * self.best.size:
            self._keep_nearest()

    def nearest(self) -> Iterator[Nearest]:
        """Yield the neighbours of each query, chosen from the candidates."""
        places = self.best.shape[1]
        near = self.cosines >= self.best[self.rows, :1].min(axis=1, initial=np.inf) - ROUNDING
        rows, columns = self.rows[near], self.columns[near]
        cosines = self._in_float64(rows, columns)
        order = np.lexsort((-cosines, rows))  # stable: of equal cosines, the earlier row first
        starts = np.searchsorted(rows[order], np.arange(len(self.queries)))
        for start in starts:
            own = order[start : start + places]
            yield Nearest(columns[own], cosines[own])

    def _in_float64(self, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the cosine of each pair of a query and a gallery row, in float64."""
        cosines = np.empty(len(rows))
        for start in range(0, len(rows), PAIRS):
            part = slice(start, start + PAIRS)
            vectors = l2_normalise(self.gallery[columns[part]]).astype(np.float64)
            cosines[part] = (vectors * self.queries[rows[part]]).sum(axis=1)
        return cosines

    def _keep_nearest(self) -> None:
        """Remove candidates that cannot win, which are many if thousands of gallery images are equal."""
        kept = list(self.nearest())
        self.rows = np.repeat(np.arange(len(kept)), self.best.shape[1])
        self.columns = np.concatenate([result.indices for result in kept])
        self.cosines = np.concatenate([result.cosines for result in kept]).astype(np.float32)


def _largest(values: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """Return the ``count`` largest values of each row, the lowest of them first. Shape (n, m) -> (n, count)."""
    at = values.shape[1] - count
    return np.partition(values, at, axis=1)[:, at:]


def _block_maxima(values: NDArray[np.float32], blocks: int) -> NDArray[np.float32]:
    """Split each row into at least ``blocks`` blocks (at most one per value), and return the maximum of each block.

    The k-th largest maximum is a lower bound of the k-th largest value of the row, and is found in a tenth of the time.
    """
    length = max(1, values.shape[1] // blocks)
    whole = values.shape[1] // length
    maxima: NDArray[np.float32] = values[:, : whole * length].reshape(len(values), length, whole).max(axis=1)
    return maxima


def _as_table(rows: NDArray[np.int64], values: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """Arrange values by their row, padded with -inf. ``rows`` is sorted. Shape (count, most values in one row)."""
    lengths = np.bincount(rows, minlength=count)
    table = np.full((count, lengths.max(initial=0)), -np.inf, np.float32)
    within = np.arange(len(rows)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    table[rows, within] = values
    return table
