"""Shards of an index: embeddings as float16 in ``00000.npy``, their ids and labels in ``00000.csv``."""

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
"""Prefix of the names of files that are being written."""


def paths(folder: Path, number: int) -> tuple[Path, Path]:
    """Return the paths of a shard's embeddings, and of its ids and labels."""
    return folder / f"{number:05}.npy", folder / f"{number:05}.csv"


def write(folder: Path, number: int, labels: Mapping[str, str], vectors: NDArray[np.float32]) -> Shard:
    """Write a shard. Embeddings are written last, so that a shard with embeddings is complete.

    Parameters
    ----------
    folder : Path
        The index.
    number : int
        Number of the shard, counted from 0.
    labels : mapping
        Label of each id, in the order of the rows.
    vectors : ndarray, float32, shape (n, d)
        Embeddings with any norm. They are stored as float16 with norm 1, because only their cosines are needed.
    """
    table, matrix = io.StringIO(), io.BytesIO()
    csv.writer(table, lineterminator="\n").writerows([("id", "landmark_id"), *labels.items()])
    np.save(matrix, retrieval.l2_normalise(vectors).astype(np.float16), allow_pickle=False)
    vectors_path, photos_path = paths(folder, number)
    write_atomically(photos_path, table.getvalue().encode())
    write_atomically(vectors_path, matrix.getvalue())
    return Shard(rows=len(labels), vectors=fingerprints.sha256(vectors_path), photos=fingerprints.sha256(photos_path))


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file atomically, also if several processes write the same file or the process is killed."""
    partial = path.with_name(f"{UNFINISHED}{uuid.uuid4().hex}")
    with partial.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def read_finished(folder: Path, number: int, width: int) -> Shard | None:
    """Return the metadata of a shard of an earlier run; None if it is missing or incomplete."""
    vectors_path, photos_path = paths(folder, number)
    try:
        rows, labels = len(matrix(vectors_path, width)), dataset.read_labels(photos_path)
        digests = {"vectors": fingerprints.sha256(vectors_path), "photos": fingerprints.sha256(photos_path)}
    except (OSError, ValueError, InvalidData):
        return None
    return Shard(rows=rows, **digests) if len(labels) == rows else None


def find_damage(folder: Path, number: int, shard: Shard) -> Iterator[str]:
    """Yield the problems of a shard's files."""
    for path, digest in zip(paths(folder, number), (shard.vectors, shard.photos), strict=True):
        try:
            if fingerprints.sha256(path) != digest:
                yield f"{path.name}: its SHA-256 digest differs from the manifest"
        except OSError as error:
            yield f"{path.name}: {error.strerror}"


def matrix(path: Path, width: int) -> NDArray[np.float16]:
    """Map a shard's embeddings into memory: float16 of shape (n, width).

    Raises
    ------
    OSError, ValueError
        If the file cannot be read, or contains an array of another type or shape.
    """
    vectors: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    if vectors.dtype != np.float16 or vectors.shape[1:] != (width,):
        raise ValueError(f"{path}: {vectors.dtype} of shape {vectors.shape}, not float16 of (n, {width})")
    return vectors


class RowSelection:
    """Selected rows of several matrices, indexed like one matrix. Indexing copies only the requested rows.

    Parameters
    ----------
    matrices : sequence of ndarray, shape (n, width)
        May be memory-mapped.
    selected : ndarray, int64, shape (m,)
        Row numbers in the vertical concatenation of all matrices, in the order of the result.
    width : int
        Number of columns, which is also needed if there are no matrices.
    """

    def __init__(self, matrices: Sequence[NDArray[np.floating[Any]]], selected: NDArray[np.int64], width: int) -> None:
        self._matrices, self._selected = matrices, selected
        self._starts = np.cumsum([0, *(len(matrix) for matrix in matrices)])
        self.shape = (len(selected), width)

    def __len__(self) -> int:
        return len(self._selected)

    def __getitem__(self, key: slice | NDArray[np.int64]) -> NDArray[np.floating[Any]]:
        rows = self._selected[key]
        shard_of_row = np.searchsorted(self._starts, rows, side="right") - 1
        kind: type[np.floating[Any]] = self._matrices[0].dtype.type if self._matrices else np.float32
        result: NDArray[np.floating[Any]] = np.empty((len(rows), self.shape[1]), kind)
        for shard in np.unique(shard_of_row):
            in_shard = shard_of_row == shard
            result[in_shard] = self._matrices[shard][rows[in_shard] - self._starts[shard]]
        return result
