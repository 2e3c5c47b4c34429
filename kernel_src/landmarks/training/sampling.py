"""The images of an epoch and their order, which depend on seed and epoch only.

In an epoch of n images, a landmark ``c`` with ``n_c`` images is drawn ``n n_c^(1 - balance) / sum_k n_k^(1 - balance)``
times. With ``balance`` 0, each image is drawn once; with 1, all landmarks are drawn equally often; with 0.5, landmarks
are drawn in proportion to the square root of their number of images, as in Mahajan et al.

References
----------
Mahajan et al., Exploring the Limits of Weakly Supervised Pretraining, https://arxiv.org/abs/1805.00932
Kang et al., Decoupling Representation and Classifier for Long-Tailed Recognition, https://arxiv.org/abs/1910.09217
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def epoch_order(
    labels: NDArray[np.integer[Any]], length: int, *, balance: float, seed: int, epoch: int
) -> NDArray[np.int64]:
    """Return the order of the images in an epoch.

    Parameters
    ----------
    labels : ndarray, int, shape (n,)
        Class of each image.
    length : int
        Number of images in all batches of the epoch. If it is larger than n, the order is repeated from its start.
    balance : float
        0 to 1; see the formula in the docstring of this module.
    seed, epoch : int
        Not negative. The result is deterministic for them.

    Returns
    -------
    ndarray, int64, shape (length,)
        Indices of the images.
    """
    rng = np.random.default_rng((seed, epoch))
    order = _balanced(labels, balance, rng) if balance else rng.permutation(len(labels))
    return np.resize(order, length)


def apportion(expected: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Round expected counts to integers by systematic sampling.

    Each count, and the sum of all counts, is rounded up or down at random such that its expected value is preserved.

    Parameters
    ----------
    expected : ndarray, float64, shape (n,)
        Not negative.
    rng : Generator
        Source of randomness.

    Returns
    -------
    ndarray, int64, shape (n,)
        The rounded counts.
    """
    edges = np.concatenate([[0.0], np.cumsum(expected)]) + rng.random()
    return np.diff(np.floor(edges)).astype(np.int64)


def shuffle_by_class(
    labels: NDArray[np.integer[Any]], rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Shuffle images within their classes.

    Parameters
    ----------
    labels : ndarray, int, shape (n,)
        Class of each image.
    rng : Generator
        Source of randomness.

    Returns
    -------
    order : ndarray, int64, shape (n,)
        Indices of the images, sorted by class, in random order within each class.
    position : ndarray, int64, shape (n,)
        Position of each entry of ``order`` within its class.
    """
    order = np.lexsort((rng.random(len(labels)), labels))
    sorted_labels = labels[order]
    return order, np.arange(len(labels)) - np.searchsorted(sorted_labels, sorted_labels)


def _balanced(labels: NDArray[np.integer[Any]], balance: float, rng: np.random.Generator) -> NDArray[np.int64]:
    images, _ = shuffle_by_class(labels, rng)
    counts = np.bincount(labels)
    starts = np.cumsum(counts) - counts
    weights = np.where(counts > 0, np.maximum(counts, 1) ** (1.0 - balance), 0.0)
    drawn = apportion(len(labels) * weights / weights.sum(), rng)
    within = np.arange(drawn.sum()) - np.repeat(np.cumsum(drawn) - drawn, drawn)
    classes = np.repeat(np.arange(len(counts)), drawn)
    # All images of a landmark are drawn once before one of them is drawn again.
    return rng.permutation(images[starts[classes] + within % counts[classes]])
