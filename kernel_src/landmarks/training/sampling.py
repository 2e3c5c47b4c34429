"""Which images an epoch shows, and in which order: functions of seed and epoch alone.

With ``n_c`` images of landmark ``c``, an epoch of n images shows it ``n n_c^(1 - balance) / sum_k n_k^(1 - balance)``
times: each image once where ``balance`` is 0, each landmark equally often where it is 1, and by the root of its images,
as Mahajan et al. do, at 0.5.

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
    """Return the images of an epoch in their order.

    Parameters
    ----------
    labels : ndarray, int, shape (n,)
        Class of each image.
    length : int
        How many images the batches of the epoch hold; the order is repeated from its start where it is longer than n.
    balance : float
        0 to 1, as the module's formula takes it.
    seed, epoch : int
        Not negative; the same two give the same order.

    Returns
    -------
    ndarray, int64, shape (length,)
        Indices of images.
    """
    rng = np.random.default_rng((seed, epoch))
    order = _balanced(labels, balance, rng) if balance else rng.permutation(len(labels))
    return np.resize(order, length)


def apportion(expected: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Round expected counts to whole ones, each to the next below or above, so that they are right on average.

    This is systematic sampling: the sum is that of the expected counts, rounded in the same way.
    """
    edges = np.concatenate([[0.0], np.cumsum(expected)]) + rng.random()
    return np.diff(np.floor(edges)).astype(np.int64)


def by_class(labels: NDArray[np.integer[Any]], rng: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the images class after class, in random order within each, and the place of each within its class."""
    order = np.lexsort((rng.random(len(labels)), labels))
    sorted_labels = labels[order]
    return order, np.arange(len(labels)) - np.searchsorted(sorted_labels, sorted_labels)


def _balanced(labels: NDArray[np.integer[Any]], balance: float, rng: np.random.Generator) -> NDArray[np.int64]:
    images, _ = by_class(labels, rng)
    counts = np.bincount(labels)
    starts = np.cumsum(counts) - counts
    weights = np.where(counts > 0, np.maximum(counts, 1) ** (1.0 - balance), 0.0)
    drawn = apportion(len(labels) * weights / weights.sum(), rng)
    within = np.arange(drawn.sum()) - np.repeat(np.cumsum(drawn) - drawn, drawn)
    classes = np.repeat(np.arange(len(counts)), drawn)
    # No image of a landmark comes again before all of them came.
    return rng.permutation(images[starts[classes] + within % counts[classes]])
