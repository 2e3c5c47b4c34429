"""Progress over the items of a stage, and the record of how many there were and how long they took."""

import json
import sys
import time
from collections.abc import Iterable, Iterator, Sized
from typing import Any, TypeVar

from kernelwright.runtime import budget, record

Item = TypeVar("Item")

FIRST_LINE = 10.0  # seconds; then a line whenever the time has doubled: some twelve in twelve hours
REDRAW = 0.1  # seconds between two drawings of the bar on a terminal
BAR = 30  # characters

_stages: dict[str, dict[str, Any]] = {}


def stage(name: str, items: Iterable[Item], *, until: float | None = None) -> Iterator[Item]:
    """Yield items, showing progress; count and seconds add up by name, also where the loop is left early.

    ``until`` ends the stage at a time in seconds since the epoch, as `budget.deadline` gives it: no further item is
    begun, and of items whose number is known, the record and the last line say how many were left. So does SIGTERM
    within `budget.ends_at_sigterm`.
    """
    entry = _stages.setdefault(name, {"name": name, "count": 0, "seconds": 0.0})
    total = len(items) if isinstance(items, Sized) else None
    progress, done, iterator, out_of_time = _Progress(name, total), 0, iter(items), False
    try:
        while not (out_of_time := _is_over(until)):
            try:
                item = next(iterator)
            except StopIteration:
                out_of_time = total is not None and done < total and _is_over(until)  # items may end themselves in time
                break
            done += 1
            yield item
            progress.show(done)
    finally:
        entry["count"] += done
        entry["seconds"] += progress.end(done, out_of_time=out_of_time and done != total)
        if out_of_time and total is not None and total > done:
            entry["left"] = entry.get("left", 0) + total - done
        if folder := record.folder():
            record.replace(folder / "stages.json", json.dumps(records(), indent=1).encode() + b"\n")


def records() -> list[dict[str, Any]]:
    """Return name, count and seconds of each stage in the order of their first starts; ``left`` where time ran out."""
    return [{**entry, "seconds": round(entry["seconds"], 3)} for entry in _stages.values()]


def log() -> None:
    """End the log with the stages as one JSON line, where no record folder holds them."""
    if not record.folder():
        sys.stdout.write(json.dumps({"kernelwright": {"stages": records()}}) + "\n")


def _is_over(until: float | None) -> bool:
    return until is not None and (budget.terminated() or time.time() >= until)


class _Progress:
    """A bar on a terminal; elsewhere, a line now and then."""

    def __init__(self, name: str, total: int | None) -> None:
        self.name, self.total = name, total
        self.started = time.monotonic()
        self.terminal = sys.stderr.isatty()
        self.next = REDRAW if self.terminal else FIRST_LINE

    def show(self, done: int) -> None:
        elapsed = time.monotonic() - self.started
        if elapsed < self.next:
            return
        self.next = elapsed + REDRAW if self.terminal else 2 * elapsed
        line, bar = self._line(done, elapsed), ""
        if self.total:
            full = min(BAR, BAR * done // self.total)
            bar = f"[{'#' * full}{' ' * (BAR - full)}] "
        sys.stderr.write(f"\r{bar}{line}" if self.terminal else f"{line}\n")
        sys.stderr.flush()

    def end(self, done: int, *, out_of_time: bool) -> float:
        """Write the last line, and return the seconds that the stage took."""
        elapsed = time.monotonic() - self.started
        why = (", ended by SIGTERM" if budget.terminated() else ", out of time") if out_of_time else ""
        sys.stderr.write(("\r\x1b[K" if self.terminal else "") + self._line(done, elapsed) + why + "\n")
        return elapsed

    def _line(self, done: int, elapsed: float) -> str:
        of = "" if self.total is None or done == self.total else f" of {self.total}"
        return f"{self.name}: {done}{of} in {elapsed:.1f} s"
