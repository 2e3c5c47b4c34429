"""Matching of local descriptors by nearest neighbours."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from landmarks.settings import MatchingSettings

ROUNDING = 1e-10  # bound of the rounding error of a squared float64 distance, relative to the squared norms
MAX_CANDIDATES = 8  # per descriptor that are compared in float64; with more, the k-d tree is as fast
MAX_SQUARED_NORM = 1e37  # above it, a float32 score could overflow

Matches = NDArray[np.int64]


def match(query: NDArray[np.float32], train: NDArray[np.float32], *, max_distance: float) -> Matches:
    """Match each query descriptor with its nearest train descriptor. Several may match the same train descriptor.

    The result equals ``cKDTree(train).query(query, distance_upper_bound=max_distance)``, but is computed faster: a
    float32 matrix product selects candidates, which are compared in float64. The tree is used only for descriptors
    whose nearest neighbour remains ambiguous, for example because distances are equal.

    Parameters
    ----------
    query, train : ndarray, float32, shape (n, d) and (m, d)
        Descriptors.
    max_distance : float
        Maximum Euclidean distance (exclusive).

    Returns
    -------
    ndarray, int64, shape (matches, 2)
        Row of ``query`` and row of ``train``, sorted by the former.

    Raises
    ------
    ValueError
        If a descriptor is not finite.
    """
    if not len(query) or not len(train):
        return np.empty((0, 2), np.int64)
    query_squares, train_squares = (np.einsum("nd,nd->n", side, side, dtype=np.float64) for side in (query, train))
    norms = query_squares + train_squares.max()
    if norms.max() < MAX_SQUARED_NORM:
        nearest, ambiguous = _by_product(query, train, query_squares, train_squares, max_distance)
    else:  # too large, or NaN: the tree raises ValueError for the latter
        nearest, ambiguous = np.full(len(query), len(train)), np.ones(len(query), bool)
    if ambiguous.any():
        nearest[ambiguous] = cKDTree(train).query(query[ambiguous], distance_upper_bound=max_distance)[1]
    matched = np.flatnonzero(nearest < len(train))
    return np.stack([matched, nearest[matched]], axis=1)


def filter_matches(
    matches: Matches, query: NDArray[np.float32], train: NDArray[np.float32], settings: MatchingSettings
) -> Matches:
    """Return the matches that pass the filters of the settings. By default, all of them do.

    Parameters
    ----------
    matches : ndarray, int64, shape (matches, 2)
        As `match` returns them.
    query, train : ndarray, float32, shape (n, d) and (m, d)
        The descriptors. ``max_ratio`` requires that they have norm 1.
    settings : MatchingSettings
        The filters.

    Returns
    -------
    ndarray, int64, shape (filtered, 2)
        A subset of ``matches``, in the same order.
    """
    if settings.mutual and len(matches):
        # The nearest query descriptor maximises q.t - |q|^2 / 2.
        back = query @ train[matches[:, 1]].T - 0.5 * np.einsum("nd,nd->n", query, query)[:, None]
        matches = matches[back.argmax(axis=0) == matches[:, 0]]
    if settings.max_ratio is not None and len(matches) and len(train) > 1:
        cosines = query[matches[:, 0]] @ train.T
        first, second = np.sort(np.partition(cosines, -2, axis=1)[:, -2:], axis=1)[:, ::-1].T
        # The squared distance of vectors with norm 1 is 2 - 2 cos.
        matches = matches[1 - first < settings.max_ratio**2 * (1 - second)]
    return matches


def _by_product(
    query: NDArray[np.float32],
    train: NDArray[np.float32],
    query_squares: NDArray[np.float64],
    train_squares: NDArray[np.float64],
    max_distance: float,
) -> tuple[Matches, NDArray[np.bool_]]:
    """Return the nearest train row per query (``len(train)`` if none is near enough), and which rows are ambiguous."""
    norms = query_squares + train_squares.max()
    rows, columns = _candidates(query, train, query_squares, train_squares, max_distance)
    ambiguous = np.bincount(rows, minlength=len(query)) > MAX_CANDIDATES
    rows, columns = rows[~ambiguous[rows]], columns[~ambiguous[rows]]
    squares = ((query[rows].astype(np.float64) - train[columns]) ** 2).sum(axis=1)
    smallest = np.full(len(query), np.inf)
    np.minimum.at(smallest, rows, squares)
    closest = squares <= (smallest + ROUNDING * norms)[rows]
    nearest = np.full(len(query), len(train))
    nearest[rows[closest]] = columns[closest]
    nearest[smallest >= max_distance**2] = len(train)
    ambiguous |= np.bincount(rows[closest], minlength=len(query)) > 1
    ambiguous |= abs(smallest - max_distance**2) <= ROUNDING * norms
    return nearest, ambiguous


def _candidates(
    query: NDArray[np.float32],
    train: NDArray[np.float32],
    query_squares: NDArray[np.float64],
    train_squares: NDArray[np.float64],
    max_distance: float,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the rows of all pairs that may be nearest neighbours within the maximum distance, in ascending order."""
    # The squared distance is |q|^2 - 2 s with the score s = q.t - |t|^2 / 2.
    scores = query @ train.T
    scores -= (train_squares / 2).astype(np.float32)
    # The error of a sum of n float32 products is at most n / 2 epsilon relative to the norms. Comparing two scores
    # doubles it.
    limits, length = np.finfo(np.float32), query.shape[1] + 2
    tolerance = 2 * length * (limits.eps * (query_squares + train_squares.max()) + limits.tiny)
    least = np.maximum(scores.max(axis=1), (query_squares - max_distance**2) / 2) - tolerance
    return np.divmod(np.flatnonzero(scores >= least.astype(np.float32)[:, None]), len(train))
