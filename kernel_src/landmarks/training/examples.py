"""The labelled images of a competition, and checks on them before training starts."""

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

from landmarks.dataset import MAX_LISTED, Photo, format_problems, image_path, list_images, read_labels
from landmarks.errors import InvalidData, UnreadableImage
from landmarks.prefetch import prefetch
from landmarks.training.settings import DataSettings

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, eq=False)
class Examples:
    """Labelled images, stored compactly: the 1.58 million public images take 70 MB.

    Attributes
    ----------
    root : Path
        The folder that paths are relative to.
    paths : ndarray, bytes, shape (n,)
        Paths of the files, encoded by `os.fsencode`.
    labels : ndarray, int32, shape (n,)
        Indices into ``classes``; -1 if the landmark is not one of them.
    classes : tuple of str
        The landmarks, spelled as in train.csv.
    """

    root: Path
    paths: NDArray[np.bytes_]
    labels: NDArray[np.int32]
    classes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.paths)

    def photo(self, index: int) -> Photo:
        """Return an example as a photo of the pipeline."""
        path = self.root / os.fsdecode(self.paths[index])
        return Photo(path.stem.lower(), path)

    def take(self, indices: NDArray[Any]) -> "Examples":
        """Return a subset of the examples. The classes do not change."""
        return replace(self, paths=self.paths[indices], labels=self.labels[indices])

    def without_empty_classes(self) -> "Examples":
        """Remove the classes without images, and log them.

        Raises
        ------
        InvalidData
            If there are no images.
        """
        if not len(self):
            raise InvalidData(f"{self.root}: none of the images can be used; attach the competition's own files")
        filled = self.counts() > 0
        if filled.all():
            return self
        empty = [label for label, has_images in zip(self.classes, filled, strict=True) if not has_images]
        more = f" and {len(empty) - MAX_LISTED} more" if len(empty) > MAX_LISTED else ""
        log.warning("landmarks without an image are left out: %s%s", ", ".join(empty[:MAX_LISTED]), more)
        places = np.where(filled, np.cumsum(filled) - 1, -1).astype(np.int32)
        labels = np.where(self.labels >= 0, places[self.labels], -1).astype(np.int32)
        return replace(self, labels=labels, classes=tuple(compress(self.classes, filled)))

    def counts(self) -> NDArray[np.int64]:
        """Return the number of images of each class, shape (classes,)."""
        return np.bincount(self.labels[self.labels >= 0], minlength=len(self.classes))

    def digest(self) -> str:
        """Return the SHA-256 digest of paths, labels and classes. The content of the images is not read."""
        hashed = hashlib.sha256("\n".join(self.classes).encode())
        hashed.update("\n".join(map(os.fsdecode, self.paths)).encode())
        hashed.update(self.labels.astype("<i4").tobytes())
        return hashed.hexdigest()


def read_examples(competition: Path, *, tolerated: float = 0.01, files: Iterable[Photo] | None = None) -> Examples:
    """Return the images that are labelled in ``train.csv``, sorted by id.

    Parameters
    ----------
    competition : Path
        Contains ``train.csv`` and the folder ``train``.
    tolerated : float
        The maximum share of rows whose file is missing. Such rows, and landmarks that have no image without them, are
        logged and skipped.
    files : iterable of Photo, optional
        The existing images. By default, the folder is listed.

    Raises
    ------
    InvalidData
        If the table is invalid (see `landmarks.dataset.read_labels`), too many files are missing, or no image is left.
    """
    competition = competition.absolute()
    landmarks = read_labels(competition / "train.csv")
    photos = list_images(competition / "train") if files is None else files
    start = len(os.path.join(competition, ""))  # noqa: PTH118 - relative_to takes half a minute for 1.58 million paths
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


def drop_unreadable(examples: Examples, read: Callable[[Path], object], settings: DataSettings, seed: int) -> Examples:
    """Decode a random sample of the examples, and remove those that are unreadable.

    Parameters
    ----------
    examples : Examples
        The examples.
    read : callable
        Raises `UnreadableImage` if an image cannot be decoded. Its result is ignored.
    settings : DataSettings
        Size of the sample, number of threads, and maximum share of unreadable images.
    seed : int
        Seed of the sample.

    Raises
    ------
    InvalidData
        If too many images are unreadable.
    """
    tried = np.random.default_rng(seed).permutation(len(examples))[: settings.tried]

    def problem(index: int) -> str | None:
        try:
            read(examples.photo(index).path)
        except UnreadableImage as error:
            return str(error)
        return None

    outcomes = prefetch(problem, tried.tolist(), threads=settings.threads, depth=4 * settings.threads)
    problems = {int(index): text for index, text in zip(tried, outcomes, strict=True) if text}
    _tolerate([problems[index] for index in sorted(problems)], len(tried), settings.tolerated)
    return examples.take(np.setdiff1d(np.arange(len(examples)), [*problems])).without_empty_classes()


def _tolerate(problems: Sequence[str], images: int, tolerated: float) -> None:
    """Log images that are left out; raise an error if there are too many."""
    if not problems:
        return
    counted = f"{len(problems)} of {images} images cannot be used"
    if len(problems) > tolerated * images:
        limit = f"the share {tolerated:g} is tolerated (DataSettings.tolerated)"
        raise InvalidData(format_problems(problems, f"{counted}, {limit}; replace the files, or raise the share"))
    log.warning("%s", format_problems(problems, f"{counted} and are left out"))
