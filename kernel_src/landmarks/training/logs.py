"""The logs of a training run: one row per step and per epoch, as CSV files and for TensorBoard.

Each row contains the total number of steps. When a run returns to a checkpoint, later rows are removed, so that there
are no duplicates.
"""

import csv
import logging
import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import astuple, dataclass, fields
from itertools import takewhile
from pathlib import Path
from typing import Any, ClassVar, TypeVar, get_type_hints

import tensorflow as tf


@dataclass(frozen=True, kw_only=True)
class StepRow:
    """One training step.

    ``total`` counts steps over all stages. ``stage``, ``epoch`` (in the stage) and ``step`` (in the epoch) start at 1.
    """

    PLOTTED: ClassVar = ("loss", "learning_rate", "gradient_norm")

    total: int
    stage: int
    epoch: int
    step: int
    loss: float
    learning_rate: float
    gradient_norm: float


@dataclass(frozen=True, kw_only=True)
class EpochRow:
    """One epoch: its mean loss, and GAP and top-1 accuracy after it, which are NaN if they were not computed."""

    PLOTTED: ClassVar = ("loss", "gap", "top_1")

    total: int
    stage: int
    size_px: int
    epoch: int
    loss: float
    gap: float
    top_1: float


Row = TypeVar("Row", StepRow, EpochRow)

log = logging.getLogger(__name__)


class Logs:
    """The logs of one training run.

    Parameters
    ----------
    folder : Path
        Receives ``steps.csv``, ``epochs.csv`` and ``tensorboard/``.
    """

    def __init__(self, folder: Path) -> None:
        self.steps, self.epochs = folder / "steps.csv", folder / "epochs.csv"
        self._events = folder / "tensorboard"
        self._writer: Any = None

    def rewind(self, total: int) -> None:
        """Remove the rows after step ``total``, and rewrite TensorBoard's events from the remaining rows."""
        if self._writer:
            self._writer.close()
        shutil.rmtree(self._events, ignore_errors=True)
        self._writer = tf.summary.create_file_writer(str(self._events))
        for path in (self.steps, self.epochs):
            _cut(path, total)
        self._show(read_rows(self.steps, StepRow))
        self._show(read_rows(self.epochs, EpochRow))

    def add_steps(self, rows: Sequence[StepRow]) -> None:
        """Append rows of steps durably. If they cannot be written, this is logged."""
        _append(self.steps, StepRow, rows)
        self._show(rows)

    def add_epoch(self, row: EpochRow) -> None:
        """Append the row of an epoch durably. If it cannot be written, this is logged."""
        _append(self.epochs, EpochRow, [row])
        self._show([row])

    def _show(self, rows: Sequence[StepRow] | Sequence[EpochRow]) -> None:
        try:
            with self._writer.as_default():
                for row in rows:
                    part = "step" if isinstance(row, StepRow) else "epoch"
                    for name in row.PLOTTED:
                        tf.summary.scalar(f"{part}/{name}", getattr(row, name), step=row.total)
            self._writer.flush()
        except tf.errors.OpError as error:
            log.warning("%s: cannot be written (%s); training continues", self._events, error.message)


def _append(path: Path, kind: type[Row], rows: Sequence[Row]) -> None:
    """Append rows to a CSV file. If that fails, append none of them and continue, since logs must not end a run."""
    size = path.stat().st_size if path.exists() else 0
    try:
        with path.open("a", newline="") as file:
            if not size:
                csv.writer(file).writerow([field.name for field in fields(kind)])
            csv.writer(file).writerows(map(astuple, rows))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        log.warning("%s: cannot be written (%s); training continues", path, error.strerror)
        with suppress(OSError):
            os.truncate(path, size)


def _cut(path: Path, total: int) -> None:
    """Truncate a CSV file after step ``total``, or before an incomplete row of a killed process."""
    if not path.exists():
        return
    header, *lines = path.read_bytes().splitlines(keepends=True) or [b""]
    kept = takewhile(lambda line: line.endswith(b"\n") and int(line.partition(b",")[0]) <= total, lines)
    os.truncate(path, len(header) + sum(map(len, kept)))


def read_rows(path: Path, kind: type[Row]) -> list[Row]:
    """Return the rows of a CSV file as `StepRow` or `EpochRow`; an empty list if the file does not exist.

    An incomplete row of a killed process is skipped.
    """
    if not path.exists():
        return []
    with path.open(newline="") as file:
        lines = [line for line in csv.DictReader(file) if None not in line and None not in line.values()]
    types = get_type_hints(kind)
    return [kind(**{name: types[name](value) for name, value in line.items()}) for line in lines]
