"""Checkpoints: the complete state of a training run in one file, written atomically."""

import json
import logging
import os
import shutil
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landmarks.errors import CheckpointNotWritten

KEPT = 2
"""Number of checkpoints that are kept: the newest, and the previous one in case the newest is damaged."""

Arrays = list[NDArray[Any]]

log = logging.getLogger(__name__)


class Checkpoints:
    """The checkpoints of one training run, named by the number of steps.

    Parameters
    ----------
    folder : Path
        Created if it does not exist.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def save(self, steps: int, arrays: Sequence[NDArray[Any]], state: dict[str, Any]) -> None:
        """Write a checkpoint, then remove old ones.

        Raises
        ------
        CheckpointNotWritten
            If the checkpoint cannot be written. Earlier ones are kept.
        """
        write(self._folder / f"step-{steps:09d}.npz", arrays, state)
        for path in self._paths()[KEPT:]:
            path.unlink()

    def newest(self) -> tuple[Arrays, dict[str, Any]] | None:
        """Return arrays and state of the newest valid checkpoint. Damaged checkpoints are logged and removed."""
        for path in self._paths():
            try:
                return read(path)
            except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile) as error:
                log.warning("%s: damaged (%s); the previous checkpoint is used", path, error)
                path.unlink()
        return None

    def _paths(self) -> list[Path]:
        return sorted(self._folder.glob("step-*.npz"), reverse=True)


def write(path: Path, arrays: Sequence[NDArray[Any]], state: dict[str, Any]) -> None:
    """Write arrays, and a state as JSON, to an npz file. The write is atomic and durable.

    Raises
    ------
    CheckpointNotWritten
        If the file cannot be written.
    """
    partial = path.with_name(f".{path.name}.partial")
    try:
        with partial.open("wb") as file:
            np.savez(file, *arrays, state=np.array(json.dumps(state)))
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        needed, free = sum(array.nbytes for array in arrays), shutil.disk_usage(path.parent).free
        raise CheckpointNotWritten(
            f"{path}: {error.strerror}; {needed / 1e6:.1f} MB are needed, {free / 1e6:.1f} MB are free"
        ) from error


def read(path: Path) -> tuple[Arrays, dict[str, Any]]:
    """Return the arrays and the state that `write` wrote. The checksums in the file are verified."""
    with np.load(path) as file:
        arrays = [file[f"arr_{index}"] for index in range(len(file.files) - 1)]
        return arrays, json.loads(str(file["state"]))
