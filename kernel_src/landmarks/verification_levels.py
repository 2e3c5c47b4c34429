"""Levels of verification: if time runs short, later queries are verified less thoroughly instead of not at all."""

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

log = logging.getLogger(__name__)

Item = TypeVar("Item")

MIN_MEASURED = 8  # items that must be finished before their speed is trusted


@dataclass(frozen=True, kw_only=True)
class VerificationLevel:
    """How thoroughly a query is verified.

    Attributes
    ----------
    candidates : int
        How many candidates are verified, best first.
    coarse : bool
        Whether to use coarse local features, which take less time.
    """

    candidates: int
    coarse: bool = False

    def __str__(self) -> str:
        """Return the level as log messages name it."""
        return f"{self.candidates} of the candidates" + ", coarse local features" * self.coarse


def degradation_levels(candidates: int) -> list[VerificationLevel]:
    """Return all levels, most thorough first: fewer and fewer candidates, then one with coarse local features."""
    fewer = [VerificationLevel(candidates=count) for count in range(candidates, 0, -1)]
    return [*fewer, VerificationLevel(candidates=1, coarse=True)]


def assign_levels(
    items: Sequence[Item], levels: Sequence[VerificationLevel], *, until: float, in_flight: int
) -> Iterator[tuple[Item, VerificationLevel]]:
    """Yield each item with its level. The level drops when the measured speed is too low for the remaining items.

    Parameters
    ----------
    items : sequence
        The most important first.
    levels : sequence of VerificationLevel
        The most thorough first.
    until : float
        The deadline, in seconds since the epoch.
    in_flight : int
        How many items are taken before the first of them is finished. The speed of a level is measured from that many
        items after its start, because earlier results still belong to the previous level.
    """
    level, assigned, started = 0, 0, time.time()
    for position, item in enumerate(items):
        now = time.time()
        if assigned == in_flight:
            started = now
        done, remaining = assigned - in_flight, len(items) - position
        if done >= MIN_MEASURED and level + 1 < len(levels) and (now - started) / done * remaining > until - now:
            level, assigned = level + 1, 0
            log.warning("short of time: for the last %d queries, %s", remaining, levels[level])
        assigned += 1
        yield item, levels[level]
