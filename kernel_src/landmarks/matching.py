"""Which descriptor of the gallery image each query descriptor means: its nearest, if near enough."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from landmarks.settings import MatchingSettings

ROUNDING = 1e-10  # above the error of a squared float64 distance, relative to the squared norms it comes from
FEW = 8  # candidates of a descriptor that are compared in float64; where more are as near, the tree is no slower
LARGEST = 1e37  # of squared norms, so that no float32 score overflows

Matches = NDArray[np.int64]


def match(query: NDArray[np.float32], train: NDArray[np.float32], *, max_distance: float) -> Matches:
    """Match each query descriptor to its nearest train descriptor; many may match the same one.

    The same matches as ``cKDTree(train).query(query, distance_upper_bound=max_distance)``, from one float32 matrix
    product. What its rounding may hide is compared again in float64, and what that leaves in doubt, such as equal
    distances, the tree settles.

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

    Raises
    ------
    ValueError
        If a descriptor is not finite.
    """
    if not len(query) or not len(train):
        return np.empty((0, 2), np.int64)
    query_squares, train_squares = (np.einsum("nd,nd->n", side, side, dtype=np.float64) for side in (query, train))
    norms = query_squares + train_squares.max()
    if norms.max() < LARGEST:
        nearest, unclear = _by_product(query, train, query_squares, train_squares, max_distance)
    else:  # or not a number
        nearest, unclear = np.full(len(query), len(train)), np.ones(len(query), bool)
    if unclear.any():
        nearest[unclear] = cKDTree(train).query(query[unclear], distance_upper_bound=max_distance)[1]
    matched = np.flatnonzero(nearest < len(train))
    return np.stack([matched, nearest[matched]], axis=1)


def unambiguous(
    matches: Matches, query: NDArray[np.float32], train: NDArray[np.float32], settings: MatchingSettings
) -> Matches:
    """Return the matches that pass the tests of the settings; all, by default.

    Parameters
    ----------
    matches : ndarray, int64, shape (matches, 2)
        As `match` returns them.
    query, train : ndarray, float32, shape (n, d) and (m, d)
        The descriptors.
    settings : MatchingSettings
        Of norm 1 are the descriptors that ``max_ratio`` compares.
    """
    if settings.mutual and len(matches):
        back = query @ train[matches[:, 1]].T - 0.5 * np.einsum("nd,nd->n", query, query)[:, None]
        matches = matches[back.argmax(axis=0) == matches[:, 0]]
    if settings.max_ratio is not None and len(matches) and len(train) > 1:
        cosines = query[matches[:, 0]] @ train.T
        first, second = np.sort(np.partition(cosines, -2, axis=1)[:, -2:], axis=1)[:, ::-1].T
        # Of vectors of norm 1, the squared distance is 2 - 2 cos.
        matches = matches[1 - first < settings.max_ratio**2 * (1 - second)]
    return matches


def _by_product(
    query: NDArray[np.float32],
    train: NDArray[np.float32],
    query_squares: NDArray[np.float64],
    train_squares: NDArray[np.float64],
    max_distance: float,
) -> tuple[Matches, NDArray[np.bool_]]:
    """Return the nearest row of train per query, ``len(train)`` where none is near enough, and what is in doubt."""
    norms = query_squares + train_squares.max()
    rows, columns = _candidates(query, train, query_squares, train_squares, max_distance)
    unclear = np.bincount(rows, minlength=len(query)) > FEW
    rows, columns = rows[~unclear[rows]], columns[~unclear[rows]]
    squares = ((query[rows].astype(np.float64) - train[columns]) ** 2).sum(axis=1)
    smallest = np.full(len(query), np.inf)
    np.minimum.at(smallest, rows, squares)
    closest = squares <= (smallest + ROUNDING * norms)[rows]
    nearest = np.full(len(query), len(train))
    nearest[rows[closest]] = columns[closest]
    nearest[smallest >= max_distance**2] = len(train)
    unclear |= np.bincount(rows[closest], minlength=len(query)) > 1
    unclear |= abs(smallest - max_distance**2) <= ROUNDING * norms
    return nearest, unclear


def _candidates(
    query: NDArray[np.float32],
    train: NDArray[np.float32],
    query_squares: NDArray[np.float64],
    train_squares: NDArray[np.float64],
    max_distance: float,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the pairs of rows, ascending, that may be nearest and near enough."""
    # The squared distance is |q|^2 - 2 s, where s = q.t - |t|^2 / 2 is what the product gives.
    scores = query @ train.T
    scores -= (train_squares / 2).astype(np.float32)
    # A sum of n float32 products is off by n / 2 epsilon at most, relative to the norms; of two scores, both may be.
    limits, length = np.finfo(np.float32), query.shape[1] + 2
    doubt = 2 * length * (limits.eps * (query_squares + train_squares.max()) + limits.tiny)
    least = np.maximum(scores.max(axis=1), (query_squares - max_distance**2) / 2) - doubt
    return np.divmod(np.flatnonzero(scores >= least.astype(np.float32)[:, None]), len(train))
