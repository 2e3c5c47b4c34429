"""Shards: embeddings as float16 in ``00000.npy``, their ids and labels in ``00000.csv``; and many read as one."""

import csv
import io
import os
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kernelwright.runtime import fingerprints
from landmarks import dataset, retrieval
from landmarks.errors import InvalidData
from landmarks.index.manifest import Shard

UNFINISHED = ".unfinished-"
"""How the name of a file begins that is being written."""


def paths(folder: Path, number: int) -> tuple[Path, Path]:
    """Return where a shard's embeddings are, and its ids and labels."""
    return folder / f"{number:05}.npy", folder / f"{number:05}.csv"


def write(folder: Path, number: int, labels: Mapping[str, str], vectors: NDArray[np.float32]) -> Shard:
    """Write a shard; its embeddings come last, so that one whose embeddings are there is whole.

    Parameters
    ----------
    folder : Path
        The index.
    number : int
        From 0.
    labels : mapping
        Label of each id, in the order of the rows.
    vectors : ndarray, float32, shape (n, d)
        Embeddings, of any norm: they are kept as float16 of norm 1, which cosines alone are taken of.
    """
    table, matrix = io.StringIO(), io.BytesIO()
    csv.writer(table, lineterminator="\n").writerows([("id", "landmark_id"), *labels.items()])
    np.save(matrix, retrieval.l2_normalise(vectors).astype(np.float16), allow_pickle=False)
    vectors_path, photos_path = paths(folder, number)
    replace(photos_path, table.getvalue().encode())
    replace(vectors_path, matrix.getvalue())
    return Shard(rows=len(labels), vectors=fingerprints.sha256(vectors_path), photos=fingerprints.sha256(photos_path))


def replace(path: Path, content: bytes) -> None:
    """Write a file beside its place, then rename it: a kill, or a writer of the same, leaves no half of one."""
    beside = path.with_name(f"{UNFINISHED}{uuid.uuid4().hex}")
    with beside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def finished(folder: Path, number: int, width: int) -> Shard | None:
    """Return what is known of a shard that an earlier run left; None where it is not there, or not whole."""
    vectors_path, photos_path = paths(folder, number)
    try:
        rows, labels = len(matrix(vectors_path, width)), dataset.read_labels(photos_path)
        digests = {"vectors": fingerprints.sha256(vectors_path), "photos": fingerprints.sha256(photos_path)}
    except (OSError, ValueError, InvalidData):
        return None
    return Shard(rows=rows, **digests) if len(labels) == rows else None


def damage(folder: Path, number: int, shard: Shard) -> Iterator[str]:
    """Yield what is wrong with the files of a shard."""
    for path, digest in zip(paths(folder, number), (shard.vectors, shard.photos), strict=True):
        try:
            if fingerprints.sha256(path) != digest:
                yield f"{path.name}: its content is not what the manifest says (sha256)"
        except OSError as error:
            yield f"{path.name}: {error.strerror}"


def matrix(path: Path, width: int) -> NDArray[np.float16]:
    """Map a shard's embeddings into memory: float16 of shape (n, width).

    Raises
    ------
    OSError, ValueError
        If the file cannot be read, or holds another array.
    """
    vectors: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    if vectors.dtype != np.float16 or vectors.shape[1:] != (width,):
        raise ValueError(f"{path}: {vectors.dtype} of shape {vectors.shape}, not float16 of (n, {width})")
    return vectors


class Rows:
    """Chosen rows of several matrices as one matrix; only those that are asked for are copied.

    Parameters
    ----------
    matrices : sequence of ndarray, shape (n, width)
        They may be mapped into memory.
    chosen : ndarray, int64, shape (m,)
        Rows of all matrices below one another, in the order they are to have.
    width : int
        What there is where there is no matrix.
    """

    def __init__(self, matrices: Sequence[NDArray[np.floating[Any]]], chosen: NDArray[np.int64], width: int) -> None:
        self._matrices, self._chosen = matrices, chosen
        self._starts = np.cumsum([0, *(len(matrix) for matrix in matrices)])
        self.shape = (len(chosen), width)

    def __len__(self) -> int:
        return len(self._chosen)

    def __getitem__(self, key: slice | NDArray[np.int64]) -> NDArray[np.floating[Any]]:
        rows = self._chosen[key]
        shard_of_row = np.searchsorted(self._starts, rows, side="right") - 1
        kind: type[np.floating[Any]] = self._matrices[0].dtype.type if self._matrices else np.float32
        taken: NDArray[np.floating[Any]] = np.empty((len(rows), self.shape[1]), kind)
        for shard in np.unique(shard_of_row):
            here = shard_of_row == shard
            taken[here] = self._matrices[shard][rows[here] - self._starts[shard]]
        return taken
