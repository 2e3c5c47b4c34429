"""Checkpoints: everything that the next step depends on, in one file that is whole or not there."""

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
"""The newest, and the one before it, should the newest turn out to be damaged."""

Arrays = list[NDArray[Any]]

log = logging.getLogger(__name__)


class Checkpoints:
    """The checkpoints of one training, by the number of steps taken.

    Parameters
    ----------
    folder : Path
        Created.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def save(self, steps: int, arrays: Sequence[NDArray[Any]], state: dict[str, Any]) -> None:
        """Write a checkpoint, then remove those that are no longer needed.

        Raises
        ------
        CheckpointNotWritten
            If it cannot be; those before it stay.
        """
        write(self._folder / f"step-{steps:09d}.npz", arrays, state)
        for path in self._paths()[KEPT:]:
            path.unlink()

    def newest(self) -> tuple[Arrays, dict[str, Any]] | None:
        """Return arrays and state of the newest whole checkpoint; a damaged one is removed, and said so."""
        for path in self._paths():
            try:
                return read(path)
            except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile) as error:
                log.warning("%s: damaged (%s); the one before it is taken", path, error)
                path.unlink()
        return None

    def _paths(self) -> list[Path]:
        return sorted(self._folder.glob("step-*.npz"), reverse=True)


def write(path: Path, arrays: Sequence[NDArray[Any]], state: dict[str, Any]) -> None:
    """Write arrays and what belongs to them, as JSON, beside their place; rename when they are on the disk.

    Raises
    ------
    CheckpointNotWritten
        If they cannot be written.
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
    """Return what `write` wrote; arrays are checked against the checksums that the file holds."""
    with np.load(path) as file:
        arrays = [file[f"arr_{index}"] for index in range(len(file.files) - 1)]
        return arrays, json.loads(str(file["state"]))
