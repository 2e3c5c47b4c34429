"""What a stage costs: seconds = fixed + each * count, neither less than zero."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

Observed = tuple[int, float]
"""How many items a stage met in a run, and its seconds."""


@dataclass(frozen=True, kw_only=True)
class Cost:
    """The seconds a stage takes whatever it meets, and those for each item."""

    fixed_s: float
    each_s: float

    def seconds(self, count: int) -> float:
        """Return what ``count`` items take."""
        return self.fixed_s + self.each_s * count

    def scaled(self, factor: float) -> "Cost":
        """Return the cost on a machine that takes ``factor`` times as long."""
        return Cost(fixed_s=self.fixed_s * factor, each_s=self.each_s * factor)


def fit(observed: Sequence[Observed]) -> Cost:
    """Fit the cost by non-negative least squares.

    Where the runs are of one size, or larger ones were not slower, they say nothing of how the time grows: all of it
    is then put on the items, which for larger runs errs on the side of more.
    """
    if len({count for count, _ in observed}) < 2:
        return _through_zero(observed)
    each, fixed = statistics.linear_regression(*zip(*observed, strict=True))
    return Cost(fixed_s=fixed, each_s=each) if fixed >= 0 and each > 0 else _through_zero(observed)


def grows(observed: Sequence[Observed]) -> bool:
    """Return whether the largest run was slower than the smallest, as it should be."""
    return max(observed)[1] > min(observed)[1]


def _through_zero(observed: Sequence[Observed]) -> Cost:
    squares = sum(count**2 for count, _ in observed)
    if not squares:
        return Cost(fixed_s=max((seconds for _, seconds in observed), default=0.0), each_s=0.0)
    return Cost(fixed_s=0.0, each_s=sum(count * seconds for count, seconds in observed) / squares)
