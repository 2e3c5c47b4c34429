"""Which gallery images look most like each query: cosine nearest neighbours, in batches."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from landmarks.settings import RetrievalSettings

ROUNDING = 1e-5  # above the error of a float32 cosine; candidates this near the last place are compared in float64


@dataclass(frozen=True)
class Nearest:
    """The neighbours of one query, best first; of equal cosines the earlier in the gallery.

    Attributes
    ----------
    indices : ndarray, int64, shape (k,)
        Rows of the gallery; k is less than ``neighbours`` where the gallery is smaller.
    cosines : ndarray, float32, shape (k,)
        Cosine similarity, -1 to 1.
    """

    indices: NDArray[np.int64]
    cosines: NDArray[np.float32]


def nearest(
    queries: NDArray[np.float32], gallery: NDArray[np.float32], settings: RetrievalSettings
) -> Iterator[Nearest]:
    """Yield each query's neighbours.

    A batch of queries is compared with the whole gallery in one float32 product; the few that may be among the
    nearest are compared again in float64, so that equal embeddings have equal cosines wherever they stand.

    Parameters
    ----------
    queries, gallery : ndarray, float32, shape (q, d) and (g, d)
        Embeddings, of any norm. One of norm 0, or with values that are not finite, has cosine 0 with all.
    settings : RetrievalSettings
        How many neighbours, and how many queries at once.

    Raises
    ------
    ValueError
        If the embeddings differ in length.
    """
    if queries.shape[1:] != gallery.shape[1:]:
        raise ValueError(f"queries of shape {queries.shape} cannot be compared with a gallery of {gallery.shape}")
    units, gallery_units = unit(queries), unit(gallery)
    for start in range(0, len(units), settings.batch):
        batch = units[start : start + settings.batch]
        cosines = batch @ gallery_units.T
        for query, row in zip(batch, cosines, strict=True):
            yield _best(query, gallery_units, row, settings.neighbours)


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return rows of Euclidean norm 1; zeros where the norm is 0 or not finite. Shape (n, d), float32."""
    norms = np.sqrt(np.einsum("nd,nd->n", vectors, vectors, dtype=np.float64))
    usable = np.isfinite(norms) & (norms > 0)
    scaled = np.zeros(vectors.shape, np.float32)
    np.divide(vectors, norms[:, None], out=scaled, where=usable[:, None], casting="same_kind")
    return scaled


def _best(query: NDArray[np.float32], gallery: NDArray[np.float32], rough: NDArray[np.float32], k: int) -> Nearest:
    k = min(k, len(gallery))
    if not k:
        return Nearest(np.empty(0, np.int64), np.empty(0, np.float32))
    last = np.partition(rough, len(rough) - k)[len(rough) - k]
    candidates = np.flatnonzero(rough >= last - ROUNDING)
    cosines = (gallery[candidates].astype(np.float64) * query).sum(axis=1)
    order = np.argsort(-cosines, kind="stable")[:k]
    return Nearest(candidates[order], cosines[order].astype(np.float32))
