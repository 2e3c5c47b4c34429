"""The logs of a training: a row per step and per epoch, as CSV and for TensorBoard.

A row is known by the number of steps taken before it was written. Going back to a checkpoint takes back the rows after
it, so that no row is there twice.
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
    """One step: ``total`` counts from 1 over all stages, ``stage``, ``epoch`` and ``step`` from 1 within."""

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
    """One epoch: its mean loss, and how the embedding retrieves after it; no number where nothing is held out."""

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
    """The rows of one training.

    Parameters
    ----------
    folder : Path
        Gets ``steps.csv``, ``epochs.csv`` and ``tensorboard/``.
    """

    def __init__(self, folder: Path) -> None:
        self.steps, self.epochs = folder / "steps.csv", folder / "epochs.csv"
        self._events = folder / "tensorboard"
        self._writer: Any = None

    def rewind(self, total: int) -> None:
        """Take back all rows of later steps, and begin TensorBoard's events again with those that stay."""
        if self._writer:
            self._writer.close()
        shutil.rmtree(self._events, ignore_errors=True)
        self._writer = tf.summary.create_file_writer(str(self._events))
        for path in (self.steps, self.epochs):
            _cut(path, total)
        self._show(read_rows(self.steps, StepRow))
        self._show(read_rows(self.epochs, EpochRow))

    def add_steps(self, rows: Sequence[StepRow]) -> None:
        """Write rows of steps; they are on the disk when this returns, unless it is full."""
        _append(self.steps, StepRow, rows)
        self._show(rows)

    def add_epoch(self, row: EpochRow) -> None:
        """Write the row of an epoch, which is on the disk when this returns, unless it is full."""
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
            log.warning("%s: cannot be written (%s); the training goes on", self._events, error.message)


def _append(path: Path, kind: type[Row], rows: Sequence[Row]) -> None:
    """Add rows to a CSV file: all or, where they cannot be written, none, since the training is worth more."""
    size = path.stat().st_size if path.exists() else 0
    try:
        with path.open("a", newline="") as file:
            if not size:
                csv.writer(file).writerow([field.name for field in fields(kind)])
            csv.writer(file).writerows(map(astuple, rows))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        log.warning("%s: cannot be written (%s); the training goes on", path, error.strerror)
        with suppress(OSError):
            os.truncate(path, size)


def _cut(path: Path, total: int) -> None:
    """Cut a CSV file off before the first row of a later step, or the one that a killed process left half-written."""
    if not path.exists():
        return
    header, *lines = path.read_bytes().splitlines(keepends=True) or [b""]
    kept = takewhile(lambda line: line.endswith(b"\n") and int(line.partition(b",")[0]) <= total, lines)
    os.truncate(path, len(header) + sum(map(len, kept)))


def read_rows(path: Path, kind: type[Row]) -> list[Row]:
    """Return the rows of a CSV file, as `StepRow` or `EpochRow`; none where there is no file.

    A row that a killed process left half-written is left out.
    """
    if not path.exists():
        return []
    with path.open(newline="") as file:
        lines = [line for line in csv.DictReader(file) if None not in line and None not in line.values()]
    types = get_type_hints(kind)
    return [kind(**{name: types[name](value) for name, value in line.items()}) for line in lines]
