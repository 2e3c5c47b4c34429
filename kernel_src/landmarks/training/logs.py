"""The logs of a training: a row per step and per epoch, as CSV and for TensorBoard.

A row is known by the number of steps taken before it was written. Going back to a checkpoint takes back the rows after
it, so that no row is there twice.
"""

import csv
import os
import shutil
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
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
        self._rewrite(self.steps, StepRow, total)
        self._rewrite(self.epochs, EpochRow, total)

    def add_steps(self, rows: Sequence[StepRow]) -> None:
        """Write rows of steps; they are on the disk when this returns."""
        self._append(self.steps, rows)

    def add_epoch(self, row: EpochRow) -> None:
        """Write the row of an epoch, which is on the disk when this returns."""
        self._append(self.epochs, [row])

    def _rewrite(self, path: Path, kind: type[Row], total: int) -> None:
        rows = [row for row in read_rows(path, kind) if row.total <= total]
        partial = path.with_name(f".{path.name}.partial")
        with partial.open("w", newline="") as file:
            csv.writer(file).writerow([field.name for field in fields(kind)])
        self._append(partial, rows)
        partial.replace(path)

    def _append(self, path: Path, rows: Sequence[StepRow] | Sequence[EpochRow]) -> None:
        with path.open("a", newline="") as file, self._writer.as_default():
            for row in rows:
                csv.writer(file).writerow(astuple(row))
                part = "step" if isinstance(row, StepRow) else "epoch"
                for name in row.PLOTTED:
                    tf.summary.scalar(f"{part}/{name}", getattr(row, name), step=row.total)
            file.flush()
            os.fsync(file.fileno())
        self._writer.flush()


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
