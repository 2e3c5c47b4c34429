"""The progress of a run, read from its log while papermill writes it."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

_CELL = re.compile(r"^Executing Cell (\d+)-", re.MULTILINE)
_STAGE = re.compile(
    r"^(?P<name>[^\n:]+): (?P<done>\d+)(?: of (?P<total>\d+))? in (?P<seconds>\d+\.?\d*) s", re.MULTILINE
)
_PIECE_BYTES = 1 << 20
"""Bytes that are read at a time."""
_FRAME = re.compile(r"^(Executing|Ending) Cell |^Executing notebook with kernel|^[\d.]+s - |^\s*$")
"""Lines that the kernel did not print: papermill's own, warnings of the debugger (``0.00s - ``), and blank ones."""


@dataclass(frozen=True, kw_only=True)
class Progress:
    """What a run is doing at one moment."""

    seconds: float
    memory_bytes: int
    run: str = ""
    """Phase and layout of the run, as text."""
    cell: int = 0
    """The running cell, from 1; 0 before the first."""
    cells: int = 0
    """The number of cells."""
    stage: tuple[str, int, int] | None = None
    """Name, items done and number of items of the stage that reported last in this cell."""
    stage_seconds: float = 0.0
    """Seconds that the items done took."""
    last_line: str = ""
    """The last line that the run printed."""

    @property
    def rate(self) -> float:
        """Items of the stage per second; 0 if not known yet."""
        return self.stage[1] / self.stage_seconds if self.stage and self.stage_seconds else 0.0

    @property
    def left_s(self) -> float:
        """Seconds that the rest of the stage takes at this rate; 0 if not known yet."""
        return max(self.stage[2] - self.stage[1], 0) / self.rate if self.stage and self.rate else 0.0


Show = Callable[[Progress], None]


class LogReader:
    """Reads a log step by step, each time from where it stopped."""

    def __init__(self, log: Path, cells: int) -> None:
        self.log, self.position = log, 0
        self.latest = Progress(seconds=0.0, memory_bytes=0, cells=cells)

    def progress(self, seconds: float, memory_bytes: int) -> Progress:
        """Read the new part of the log and return the progress of the run."""
        with self.log.open("rb") as file:
            file.seek(self.position)
            while piece := file.read(_PIECE_BYTES):
                self._read(piece.decode("utf-8", "replace"))
            self.position = file.tell()
        return replace(self.latest, seconds=seconds, memory_bytes=memory_bytes)

    def _read(self, text: str) -> None:
        if begun := _CELL.findall(text):
            self.latest = replace(self.latest, cell=int(begun[-1]), stage=None)
        # Only lines with a total: when a stage ends, its last line has none.
        if reported := [match for match in _STAGE.finditer(text) if match["total"]]:
            last = reported[-1]
            stage = (last["name"].strip(), int(last["done"]), int(last["total"]))
            self.latest = replace(self.latest, stage=stage, stage_seconds=float(last["seconds"]))
        lines = [line for line in text.splitlines() if self.latest.cell and not _FRAME.match(line)]
        if lines:
            self.latest = replace(self.latest, last_line=lines[-1].strip())
