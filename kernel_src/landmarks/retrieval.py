"""Which gallery images look most like each query: cosine nearest neighbours, exact, tile by tile."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from landmarks.settings import RetrievalSettings

ROUNDING = 1e-5  # above the error of a float32 cosine; candidates this near the last place are compared in float64
PAIRS = 4096  # that are compared in float64 at once
BLOCKS_PER_PLACE = 16  # whose largest cosines say which of a first tile can be near
KEPT_PER_PLACE = 64  # candidates per query and place; where more tie, those that cannot win are removed early


class Matrix(Protocol):
    """Rows that are read part by part, as those of an array are."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Rows, and the length of an embedding."""

    def __len__(self) -> int: ...

    def __getitem__(self, rows: Any, /) -> NDArray[np.floating[Any]]: ...


@dataclass(frozen=True)
class Nearest:
    """The neighbours of one query, best first; of equal cosines the earlier in the gallery.

    Attributes
    ----------
    indices : ndarray, int64, shape (k,)
        Rows of the gallery; k is less than ``neighbours`` where the gallery is smaller.
    cosines : ndarray, shape (k,)
        Cosine similarity, -1 to 1: float32 of `nearest`, float64 of `compared`.
    """

    indices: NDArray[np.int64]
    cosines: NDArray[np.floating[Any]]


def nearest(queries: NDArray[np.floating[Any]], gallery: Matrix, settings: RetrievalSettings) -> Iterator[Nearest]:
    """Yield each query's neighbours.

    A batch of queries is compared with a tile of the gallery in one float32 product, and what is far from the best
    so far is dropped while the product is in the cache; the few that are left are compared again in float64, so that
    equal embeddings have equal cosines wherever they stand. Time grows with q g d; memory, beside the inputs, is that
    of one product, however large the gallery is.

    Parameters
    ----------
    queries, gallery : ndarray, float32 or float16, shape (q, d) and (g, d)
        Embeddings, of any norm. One of norm 0, or with values that are not finite, has cosine 0 with all.
        The gallery may be memory-mapped: it is read in order, once per batch of queries.
    settings : RetrievalSettings
        How many neighbours, and how many queries and rows of the gallery at once.

    Raises
    ------
    ValueError
        If the embeddings differ in length.
    """
    for result in compared(queries, gallery, settings):
        yield Nearest(result.indices, result.cosines.astype(np.float32))


def compared(queries: NDArray[np.floating[Any]], gallery: Matrix, settings: RetrievalSettings) -> Iterator[Nearest]:
    """Yield each query's neighbours as `nearest` does, with the float64 cosines that decided their order."""
    if queries.shape[1:] != gallery.shape[1:]:
        raise ValueError(f"queries of shape {queries.shape} cannot be compared with a gallery of {gallery.shape}")
    for start in range(0, len(queries), settings.batch):
        candidates = _Candidates(unit(queries[start : start + settings.batch]), gallery, settings.neighbours)
        for first in range(0, len(gallery) if settings.neighbours else 0, settings.tile):
            candidates.add(unit(gallery[first : first + settings.tile]), first)
        yield from candidates.nearest()


def unit(vectors: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """Return rows of Euclidean norm 1; zeros where the norm is 0 or not finite. Shape (n, d), float32."""
    scaled: NDArray[np.float32]
    if vectors.dtype == np.float16 and vectors.size:
        # By the processor: numpy's own takes 20 times as long. What it allocates is divided in place.
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
    """Which rows of the gallery may be among the nearest of each query, as far as its tiles were added."""

    def __init__(self, queries: NDArray[np.float32], gallery: Matrix, neighbours: int) -> None:
        self.queries, self.gallery = queries, gallery
        self.best = np.full((len(queries), min(neighbours, len(gallery))), -np.inf, np.float32)  # the least first
        self.rows = self.columns = np.empty(0, np.int64)  # of queries and gallery; columns ascend within a row
        self.cosines = np.empty(0, np.float32)

    def add(self, tile: NDArray[np.float32], first: int) -> None:
        """Add the candidates in a tile, whose first row is row ``first`` of the gallery."""
        cosines = self.queries @ tile.T
        places = self.best.shape[1]
        reached = self.best
        if np.isneginf(reached).any():  # places are still free
            reached = _largest(np.hstack([reached, _block_maxima(cosines, BLOCKS_PER_PLACE * places)]), places)
        # Several times as fast as np.nonzero of two dimensions.
        rows, columns = np.divmod(np.flatnonzero(cosines >= reached[:, :1] - ROUNDING), cosines.shape[1])
        near = _as_table(rows, cosines[rows, columns], len(cosines))
        self.best = _largest(np.hstack([self.best, near]), places)
        self.rows = np.concatenate([self.rows, rows])
        self.columns = np.concatenate([self.columns, columns + first])
        self.cosines = np.concatenate([self.cosines, cosines[rows, columns]])
        if len(self.rows) > KEPT_PER_PLACE * self.best.size:
            self._keep_nearest()

    def nearest(self) -> Iterator[Nearest]:
        """Yield the neighbours of each query among the candidates."""
        places = self.best.shape[1]
        near = self.cosines >= self.best[self.rows, :1].min(axis=1, initial=np.inf) - ROUNDING
        rows, columns = self.rows[near], self.columns[near]
        cosines = self._in_float64(rows, columns)
        order = np.lexsort((-cosines, rows))  # stable: of equal cosines, the earlier in the gallery first
        starts = np.searchsorted(rows[order], np.arange(len(self.queries)))
        for start in starts:
            own = order[start : start + places]
            yield Nearest(columns[own], cosines[own])

    def _in_float64(self, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the cosine of each pair of a query and a row of the gallery."""
        cosines = np.empty(len(rows))
        for start in range(0, len(rows), PAIRS):
            part = slice(start, start + PAIRS)
            vectors = unit(self.gallery[columns[part]]).astype(np.float64)
            cosines[part] = (vectors * self.queries[rows[part]]).sum(axis=1)
        return cosines

    def _keep_nearest(self) -> None:
        """Remove what cannot win, as where thousands of equal images tie: of those, later ones lose to earlier ones."""
        kept = list(self.nearest())
        self.rows = np.repeat(np.arange(len(kept)), self.best.shape[1])
        self.columns = np.concatenate([result.indices for result in kept])
        self.cosines = np.concatenate([result.cosines for result in kept]).astype(np.float32)


def _largest(values: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """Return the largest of each row, the least of them first. Shape (n, m) -> (n, count)."""
    at = values.shape[1] - count
    return np.partition(values, at, axis=1)[:, at:]


def _block_maxima(values: NDArray[np.float32], blocks: int) -> NDArray[np.float32]:
    """Return the largest value of each block of a row, of at least so many blocks, or of each value.

    The k-th largest of them is a bound of the row's k-th largest value, and takes a tenth of its time to find.
    """
    length = max(1, values.shape[1] // blocks)
    whole = values.shape[1] // length
    maxima: NDArray[np.float32] = values[:, : whole * length].reshape(len(values), length, whole).max(axis=1)
    return maxima


def _as_table(rows: NDArray[np.int64], values: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """Lay out values by their rows, which ascend: shape (count, most values of a row), -inf where there are fewer."""
    lengths = np.bincount(rows, minlength=count)
    table = np.full((count, lengths.max(initial=0)), -np.inf, np.float32)
    within = np.arange(len(rows)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    table[rows, within] = values
    return table
