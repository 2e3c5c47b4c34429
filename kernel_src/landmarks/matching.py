"""Which descriptor of the gallery image each query descriptor means: its nearest, if near enough."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

ROUNDING = 1e-10  # above the error of a squared float64 distance, relative to the squared norms it comes from

Matches = NDArray[np.int64]


def match(query: NDArray[np.float32], train: NDArray[np.float32], *, max_distance: float) -> Matches:
    """Match each query descriptor to its nearest train descriptor; many may match the same one.

    The same matches as ``cKDTree(train).query(query, distance_upper_bound=max_distance)``, from one matrix
    product; a tree settles only the rows where that leaves a doubt.

    Parameters
    ----------
    query, train : ndarray, float32, shape (n, d) and (m, d)
        Descriptors.
    max_distance : float
        Euclidean; matches lie strictly under it.

    Returns
    -------
    ndarray, int64, shape (matches, 2)
        Row of the query, row of train; query rows ascend.
    """
    if not len(query) or not len(train):
        return np.empty((0, 2), np.int64)
    squares, doubt = _squared_distances(query.astype(np.float64), train.astype(np.float64))
    nearest = squares.argmin(axis=1)
    smallest = squares[np.arange(len(squares)), nearest]
    unclear = ((squares <= (smallest + doubt)[:, None]).sum(axis=1) > 1) | (abs(smallest - max_distance**2) <= doubt)
    nearest[smallest >= max_distance**2] = len(train)  # as the tree says that there is none
    unclear &= smallest <= max_distance**2 + doubt
    if unclear.any():
        nearest[unclear] = cKDTree(train).query(query[unclear], distance_upper_bound=max_distance)[1]
    matched = np.flatnonzero(nearest < len(train))
    return np.stack([matched, nearest[matched]], axis=1)


def _squared_distances(
    query: NDArray[np.float64], train: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return squared distances, shape (n, m), and how far off those of each query may be, shape (n,)."""
    query_squares, train_squares = (query**2).sum(axis=1), (train**2).sum(axis=1)
    squares = query_squares[:, None] + train_squares - 2 * query @ train.T
    return squares, ROUNDING * (query_squares + train_squares.max())
