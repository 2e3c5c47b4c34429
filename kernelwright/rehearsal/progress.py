"""How far a run is, read from its log while it is written."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_CELL = re.compile(r"^Executing Cell (\d+)-", re.MULTILINE)
_STAGE = re.compile(r"^(?P<name>[^\n:]+): (?P<done>\d+)(?: of (?P<total>\d+))? in [\d.]+ s", re.MULTILINE)
_PIECE_BYTES = 1 << 20
_FRAME = re.compile(r"^(Executing|Ending) Cell |^Executing notebook with kernel|^[\d.]+s - |^\s*$")


@dataclass(frozen=True, kw_only=True)
class Progress:
    """What a run is doing.

    Attributes
    ----------
    cell, cells : int
        The cell that runs, from 1; 0 before the first.
    stage : tuple or None
        Name, items done and items in all of the stage that reported last in this cell.
    last_line : str
        What it printed last.
    """

    seconds: float
    memory_bytes: int
    cell: int = 0
    cells: int = 0
    stage: tuple[str, int, int] | None = None
    last_line: str = ""


Show = Callable[[Progress], None]


class LogReader:
    """Follows a log from where it was read last."""

    def __init__(self, log: Path, cells: int) -> None:
        self.log, self.cells = log, cells
        self.position, self.cell = 0, 0
        self.stage: tuple[str, int, int] | None = None
        self.last_line = ""

    def progress(self, seconds: float, memory_bytes: int) -> Progress:
        """Read what is new, and return how far the run is."""
        with self.log.open("rb") as file:
            file.seek(self.position)
            while piece := file.read(_PIECE_BYTES):
                self._read(piece.decode("utf-8", "replace"))
            self.position = file.tell()
        return Progress(
            seconds=seconds,
            memory_bytes=memory_bytes,
            cell=self.cell,
            cells=self.cells,
            stage=self.stage,
            last_line=self.last_line,
        )

    def _read(self, text: str) -> None:
        if begun := _CELL.findall(text):
            self.cell, self.stage = int(begun[-1]), None
        if reported := [match for match in _STAGE.finditer(text) if match["total"]]:
            last = reported[-1]
            self.stage = (last["name"].strip(), int(last["done"]), int(last["total"]))
        lines = [line for line in text.splitlines() if self.cell and not _FRAME.match(line)]
        self.last_line = lines[-1].strip() if lines else self.last_line
