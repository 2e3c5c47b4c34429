"""Progress over the items of a stage, and the record of how many there were and how long they took."""

import json
import sys
import time
from collections.abc import Iterable, Iterator, Sized
from typing import Any, TypeVar

from kernelwright.runtime import record

Item = TypeVar("Item")

FIRST_LINE = 10.0  # seconds; then a line whenever the time has doubled: some twelve in twelve hours
REDRAW = 0.1  # seconds between two drawings of the bar on a terminal
BAR = 30  # characters

_stages: dict[str, dict[str, Any]] = {}


def stage(name: str, items: Iterable[Item]) -> Iterator[Item]:
    """Yield items, showing progress; count and seconds add up by name, also where the loop is left early."""
    entry = _stages.setdefault(name, {"name": name, "count": 0, "seconds": 0.0})
    progress, done = _Progress(name, len(items) if isinstance(items, Sized) else None), 0
    try:
        for done, item in enumerate(items, 1):
            yield item
            progress.show(done)
    finally:
        entry["count"] += done
        entry["seconds"] += progress.end(done)
        _save()


def records() -> list[dict[str, Any]]:
    """Return name, count and seconds of each stage, in the order they were first started."""
    return [{**entry, "seconds": round(entry["seconds"], 3)} for entry in _stages.values()]


def log() -> None:
    """End the log with the stages as one JSON line, where no record folder holds them."""
    if not record.folder():
        sys.stdout.write(json.dumps({"kernelwright": {"stages": records()}}) + "\n")


def _save() -> None:
    if folder := record.folder():
        record.replace(folder / "stages.json", json.dumps(records(), indent=1).encode() + b"\n")


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
        line = self._line(done, elapsed)
        sys.stderr.write(f"\r{self._bar(done)}{line}" if self.terminal else f"{line}\n")
        sys.stderr.flush()

    def end(self, done: int) -> float:
        """Write the last line, and return the seconds that the stage took."""
        elapsed = time.monotonic() - self.started
        sys.stderr.write(("\r\x1b[K" if self.terminal else "") + self._line(done, elapsed) + "\n")
        return elapsed

    def _line(self, done: int, elapsed: float) -> str:
        of = "" if self.total is None or done == self.total else f" of {self.total}"
        return f"{self.name}: {done}{of} in {elapsed:.1f} s"

    def _bar(self, done: int) -> str:
        if not self.total:
            return ""
        full = min(BAR, BAR * done // self.total)
        return f"[{'#' * full}{' ' * (BAR - full)}] "
