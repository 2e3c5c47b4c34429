"""How much is done for a query: less of it where time runs short, rather than nothing for those that come last."""

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

log = logging.getLogger(__name__)

Item = TypeVar("Item")

MEASURED = 8  # items after which a pace is believed


@dataclass(frozen=True, kw_only=True)
class Effort:
    """How many candidates of a query are verified, the best first, and whether with coarse local features."""

    candidates: int
    coarse: bool = False

    def __str__(self) -> str:
        """Return it for the log."""
        return f"{self.candidates} of the candidates" + ", coarse local features" * self.coarse


def levels(candidates: int) -> list[Effort]:
    """Return the levels from all to least: fewer candidates down to one, then coarse local features."""
    fewer = [Effort(candidates=count) for count in range(candidates, 0, -1)]
    return [*fewer, Effort(candidates=1, coarse=True)]


def as_time_allows(
    items: Sequence[Item], efforts: Sequence[Effort], *, until: float, in_flight: int
) -> Iterator[tuple[Item, Effort]]:
    """Yield each item with the effort for it: the first, and the next once the pace shows that not all fits.

    Parameters
    ----------
    items : sequence
        The most important first.
    efforts : sequence of Effort
        From all to least.
    until : float
        When to be done, in seconds since the epoch.
    in_flight : int
        How many items are taken before their work is done: so many items later, a pace is that of the effort.
    """
    level, taken, started = 0, 0, time.time()
    for place, item in enumerate(items):
        now = time.time()
        if taken == in_flight:
            started = now
        done, left = taken - in_flight, len(items) - place
        if done >= MEASURED and level + 1 < len(efforts) and (now - started) / done * left > until - now:
            level, taken = level + 1, 0
            log.warning("short of time: for the last %d queries, %s", left, efforts[level])
        taken += 1
        yield item, efforts[level]
