"""How good answers are, and how likely a gain is by chance."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import permutation_test


@dataclass(frozen=True)
class Answers:
    """What becomes of each query of a part, in the order of the ids.

    Attributes
    ----------
    scores : ndarray, float64, shape (queries,)
        -inf where nothing is predicted.
    right : ndarray, bool, shape (queries,)
        Whether the predicted label is the truth.
    shown : int
        Queries that show a landmark.
    """

    scores: NDArray[np.float64]
    right: NDArray[np.bool_]
    shown: int

    @property
    def gap(self) -> float:
        """GAP, as `landmarks.gap` defines it."""
        return gap(self.scores, self.right, self.shown)

    @property
    def ranks(self) -> NDArray[np.float64]:
        """Return scores that order the queries alike, and can be compared with another system's: 0 to 1."""
        order = np.argsort(np.argsort(self.scores, kind="stable"), kind="stable") / len(self.scores)
        return np.where(np.isneginf(self.scores), -np.inf, order)


def gap(scores: NDArray[np.float64], right: NDArray[np.bool_], shown: int) -> float:
    """Return the GAP of predictions whose ids ascend; a score of -inf is no prediction."""
    predicted = ~np.isneginf(scores)
    hits = right[predicted][np.argsort(-scores[predicted], kind="stable")]
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    return float((precision * hits).sum() / shown)


def p_value(better: list[Answers], worse: list[Answers], resamples: int) -> float:
    """Return how likely so large a mean gain is by chance: a paired permutation test over queries, one-sided.

    Under the hypothesis that both systems are alike, each query's two answers could be exchanged; a query is
    exchanged for all seeds at once, since it is the queries that are drawn.
    """
    both = [
        (np.concatenate([a.ranks, b.ranks]), np.concatenate([a.right, b.right]), a.shown)
        for a, b in zip(better, worse, strict=True)
    ]

    def gain(mine: NDArray[np.int64], other: NDArray[np.int64]) -> float:
        return float(np.mean([gap(s[mine], r[mine], shown) - gap(s[other], r[other], shown) for s, r, shown in both]))

    count = len(better[0].scores)
    places = np.arange(count), np.arange(count, 2 * count)
    result = permutation_test(
        places, gain, permutation_type="samples", n_resamples=resamples, alternative="greater", rng=2021
    )
    return float(result.pvalue)
