"""One run of the pipeline: its settings, its time, and how its work is shared out."""

import time
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from kernelwright.runtime import budget
from landmarks.faults import ImageFaults
from landmarks.prefetch import ahead, in_time
from landmarks.settings import Settings

Item = TypeVar("Item")
Given = TypeVar("Given")


@dataclass(frozen=True, kw_only=True)
class Run:
    """How one run of the pipeline goes: with which settings, until when, and whether an error ends it."""

    settings: Settings
    keep_going: bool = False
    deadline: float = float("inf")
    """Seconds since the epoch."""
    faults: ImageFaults = field(default_factory=ImageFaults)

    def is_over(self) -> bool:
        """Return whether the time has passed."""
        return budget.terminated() or time.time() >= self.deadline

    def share(self, of_time_left: float) -> float:
        """Return when a share of the time that is left now will have passed, in seconds since the epoch."""
        now = time.time()
        return now + of_time_left * max(0.0, self.deadline - now)

    def ahead(self, work: Callable[[Given], Item], given: Iterable[Given]) -> Iterator[Item]:
        """Yield the work on each, in order, done ahead of need by the threads of the settings."""
        threads = self.settings.local.threads
        return ahead(work, given, threads=threads, depth=2 * threads)


class Work(Generic[Item]):
    """Results whose number is known before they are computed: what a progress bar needs.

    With ``until``, a result that is under way then is abandoned, as `in_time` does.
    """

    def __init__(self, sources: Collection[object], results: Iterable[Item], until: float | None = None) -> None:
        self._count = len(sources)
        self._results = results if until is None else in_time(results, until)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Item]:
        return iter(self._results)
