"""The cost of a stage: seconds = fixed + each * count, where neither fixed nor each is negative."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

Observed = tuple[int, float]
"""The number of items that a stage processed in a run, and the seconds that it took."""


@dataclass(frozen=True, kw_only=True)
class Cost:
    """The seconds that a stage takes in any case, and the seconds per item."""

    fixed_s: float
    each_s: float

    def seconds(self, count: int) -> float:
        """Return the seconds that ``count`` items take."""
        return self.fixed_s + self.each_s * count

    def scaled(self, factor: float) -> "Cost":
        """Return the cost on a machine that takes ``factor`` times as long."""
        return Cost(fixed_s=self.fixed_s * factor, each_s=self.each_s * factor)


def fit(observed: Sequence[Observed]) -> Cost:
    """Fit the cost to the observations by non-negative least squares.

    If all runs have the same size, or larger runs were not slower, the runs do not show how the time grows. Then all
    of it is attributed to the items, which overestimates larger runs rather than underestimates them.
    """
    if len({count for count, _ in observed}) < 2:
        return _through_zero(observed)
    each, fixed = statistics.linear_regression(*zip(*observed, strict=True))
    return Cost(fixed_s=fixed, each_s=each) if fixed >= 0 and each > 0 else _through_zero(observed)


def grows(observed: Sequence[Observed]) -> bool:
    """Return True if the largest run was slower than the smallest."""
    return max(observed)[1] > min(observed)[1]


def _through_zero(observed: Sequence[Observed]) -> Cost:
    squares = sum(count**2 for count, _ in observed)
    if not squares:
        return Cost(fixed_s=max((seconds for _, seconds in observed), default=0.0), each_s=0.0)
    return Cost(fixed_s=0.0, each_s=sum(count * seconds for count, seconds in observed) / squares)
