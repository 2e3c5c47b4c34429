"""The labelled images of a competition, and what is wrong with them before hours are spent on them."""

import hashlib
import logging
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import compress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landmarks.dataset import SHOWN, Photo, image_path, list_images, listed, read_labels
from landmarks.errors import InvalidData, UnreadableImage
from landmarks.prefetch import ahead
from landmarks.training.settings import DataSettings

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, eq=False)
class Examples:
    """Images with their landmarks; the public 1.58 million take 70 MB.

    Attributes
    ----------
    root : Path
        The folder that the paths start from.
    paths : ndarray, bytes, shape (n,)
        The files, as `os.fsencode` writes them.
    labels : ndarray, int32, shape (n,)
        Places in ``classes``; -1 where the landmark is none of them.
    classes : tuple of str
        The landmarks, as train.csv writes them.
    """

    root: Path
    paths: NDArray[np.bytes_]
    labels: NDArray[np.int32]
    classes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.paths)

    def photo(self, index: int) -> Photo:
        """Return an image as the pipeline knows it."""
        path = self.root / os.fsdecode(self.paths[index])
        return Photo(path.stem.lower(), path)

    def take(self, indices: NDArray[Any]) -> "Examples":
        """Return some of the images; the classes stay."""
        return replace(self, paths=self.paths[indices], labels=self.labels[indices])

    def without_empty_classes(self) -> "Examples":
        """Return the same images without the classes that have none; these are named in the log.

        Raises
        ------
        InvalidData
            If no image is left.
        """
        if not len(self):
            raise InvalidData(f"{self.root}: none of the images can be used; attach the competition's own files")
        filled = self.counts() > 0
        if filled.all():
            return self
        empty = [label for label, has_images in zip(self.classes, filled, strict=True) if not has_images]
        more = f" and {len(empty) - SHOWN} more" if len(empty) > SHOWN else ""
        log.warning("landmarks without an image are left out: %s%s", ", ".join(empty[:SHOWN]), more)
        places = np.where(filled, np.cumsum(filled) - 1, -1).astype(np.int32)
        labels = np.where(self.labels >= 0, places[self.labels], -1).astype(np.int32)
        return replace(self, labels=labels, classes=tuple(compress(self.classes, filled)))

    def counts(self) -> NDArray[np.int64]:
        """Return how many images each class has, shape (classes,)."""
        return np.bincount(self.labels[self.labels >= 0], minlength=len(self.classes))

    def digest(self) -> str:
        """Return the SHA-256 of paths, labels and landmarks; of the images only the names are read."""
        hashed = hashlib.sha256("\n".join(self.classes).encode())
        hashed.update("\n".join(map(os.fsdecode, self.paths)).encode())
        hashed.update(self.labels.astype("<i4").tobytes())
        return hashed.hexdigest()


def read_examples(competition: Path, *, tolerated: float = 0.01, files: Iterable[Photo] | None = None) -> Examples:
    """Return the images that ``train.csv`` labels, sorted by id.

    Parameters
    ----------
    competition : Path
        Holds ``train.csv`` and the folder ``train``.
    tolerated : float
        The share of rows whose file may be missing; these are left out, and named in the log, as are landmarks without
        any file left.
    files : iterable of Photo, optional
        The images that are there, instead of listing the folder.

    Raises
    ------
    InvalidData
        The table is odd (as `landmarks.dataset.read_labels` says it), too many files are missing, or nothing is left.
    """
    competition = competition.absolute()
    landmarks = read_labels(competition / "train.csv")
    photos = list_images(competition / "train") if files is None else files
    start = len(os.path.join(competition, ""))  # noqa: PTH118 - of 1.58 million, relative_to would take half a minute
    paths = {photo.id: os.fsencode(photo.path)[start:] for photo in photos if photo.id in landmarks}
    missing = (image_path(competition, "train", image_id) for image_id in landmarks if image_id not in paths)
    _tolerate([f"{path}: no such file" for path in missing], len(landmarks), tolerated)
    ids = sorted(paths)
    classes = sorted(set(landmarks.values()), key=lambda label: (len(label), label))
    places = {label: place for place, label in enumerate(classes)}
    return Examples(
        root=competition,
        paths=np.array([paths[image_id] for image_id in ids], dtype=np.bytes_),
        labels=np.array([places[landmarks[image_id]] for image_id in ids], dtype=np.int32),
        classes=tuple(classes),
    ).without_empty_classes()


def readable(examples: Examples, read: Callable[[Path], object], settings: DataSettings, seed: int) -> Examples:
    """Return the examples without those that do not decode; only the first of a shuffled order are tried.

    Parameters
    ----------
    examples : Examples
        Of one competition.
    read : callable
        Raises `UnreadableImage`; what it returns is not used.
    settings : DataSettings
        How many are tried, by how many threads, and the share of them that may be unreadable.
    seed : int
        Of the order.

    Raises
    ------
    InvalidData
        Too many are unreadable.
    """
    tried = np.random.default_rng(seed).permutation(len(examples))[: settings.tried]

    def problem(index: int) -> str | None:
        try:
            read(examples.photo(index).path)
        except UnreadableImage as error:
            return str(error)
        return None

    outcomes = ahead(problem, tried.tolist(), threads=settings.threads, depth=4 * settings.threads)
    problems = {int(index): text for index, text in zip(tried, outcomes, strict=True) if text}
    _tolerate([problems[index] for index in sorted(problems)], len(tried), settings.tolerated)
    return examples.take(np.setdiff1d(np.arange(len(examples)), [*problems])).without_empty_classes()


def _tolerate(problems: Sequence[str], images: int, tolerated: float) -> None:
    """Log what is left out; raise where it is too much."""
    if not problems:
        return
    counted = f"{len(problems)} of {images} images cannot be used"
    if len(problems) > tolerated * images:
        limit = f"the share {tolerated:g} is tolerated (DataSettings.tolerated)"
        raise InvalidData(listed(problems, f"{counted}, {limit}; replace the files, or raise the share"))
    log.warning("%s", listed(problems, f"{counted} and are left out"))
