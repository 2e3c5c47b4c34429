"""The state of one run of the pipeline: settings, deadline, failed images, and background threads."""

import time
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from kernelwright.runtime import budget
from landmarks.faults import ImageFaults
from landmarks.prefetch import iterate_until, prefetch
from landmarks.settings import Settings

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run of the pipeline.

    Attributes
    ----------
    settings : Settings
        All settings of the pipeline.
    keep_going : bool
        Whether to log an error and skip the failed part, instead of raising the error.
    deadline : float
        When the run must end, in seconds since the epoch.
    faults : ImageFaults
        The images that have failed so far.
    """

    settings: Settings
    keep_going: bool = False
    deadline: float = float("inf")
    faults: ImageFaults = field(default_factory=ImageFaults)

    def is_out_of_time(self) -> bool:
        """Return whether the deadline has passed or SIGTERM was received."""
        return budget.terminated() or time.time() >= self.deadline

    def deadline_after(self, share: float) -> float:
        """Return when a share (0 to 1) of the remaining time will have passed, in seconds since the epoch."""
        now = time.time()
        return now + share * max(0.0, self.deadline - now)

    def prefetch(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """Yield ``function(item)`` for each item, in order, computed in advance by the threads of the settings."""
        threads = self.settings.local.threads
        return prefetch(function, items, threads=threads, depth=2 * threads)


class SizedResults(Generic[Result]):
    """An iterable of results with a known length, as a progress bar needs it.

    Parameters
    ----------
    sources : collection
        What the results are computed from. Its length is the number of results.
    results : iterable
        The results, computed while they are iterated over.
    until : float, optional
        When to stop, in seconds since the epoch; see `landmarks.prefetch.iterate_until`.
    """

    def __init__(self, sources: Collection[object], results: Iterable[Result], until: float | None = None) -> None:
        self._count = len(sources)
        self._results = results if until is None else iterate_until(results, until)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Result]:
        return iter(self._results)
