"""Local features on disk: what a run that was killed, or an earlier one, described is not described again."""

import hashlib
import logging
import os
import zipfile
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from threading import Lock

import cv2
import numpy as np
import PIL
import tensorflow as tf

from kernelwright.runtime import fingerprints, inputs, record
from landmarks import delg, images, rootsift
from landmarks.feature_types import LocalFeatures
from landmarks.settings import DelgSettings, LocalSettings

log = logging.getLogger(__name__)

KEPT = 0.9  # of the limit, where it was reached: so that not every file removes another
DAMAGED = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile)


class FeatureStore:
    """A file per image content and recipe; beyond the limit the longest unused are removed.

    Files are written beside their place and renamed, with a checksum: what a killed run left is whole, and what a disk
    damaged is described anew. Threads and runs may share a folder.

    Parameters
    ----------
    folder : Path
        Made if need be.
    limit : int
        Bytes.
    """

    def __init__(self, folder: Path, limit: int) -> None:
        self._folder, self._limit = folder, limit
        self._lock = Lock()
        self._bytes = sum(size for _, size, _ in self._files())
        self._writable = True

    def __call__(self, image: Path, recipe: str, describe: Callable[[], LocalFeatures]) -> LocalFeatures:
        """Return the features of an image file from disk; else describe it, and keep them.

        Parameters
        ----------
        image : Path
            What it holds counts, not its name.
        recipe : str
            All else that decides the features, as `recipe` returns it.
        describe : callable
            Features that raise are not kept.
        """
        digest = hashlib.sha256(f"{fingerprints.sha256(image)} {recipe}".encode()).hexdigest()
        file = self._folder / digest[:2] / f"{digest}.npz"
        features = _read(file)
        if features is None:
            features = describe()
            if self._writable:
                self._keep(file, features)
        return features

    def _keep(self, file: Path, features: LocalFeatures) -> None:
        content = BytesIO()
        np.savez(content, keypoints=features.keypoints, descriptors=features.descriptors, scale=features.scale)
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            record.replace(file, content.getvalue())
        except OSError as error:
            self._writable = False
            log.warning("local features are not kept from here on: %s", error)
            return
        with self._lock:
            self._bytes += len(content.getvalue())
            if self._bytes > self._limit:
                self._remove_longest_unused()

    def _remove_longest_unused(self) -> None:
        files = sorted(self._files())
        self._bytes = sum(size for _, size, _ in files)
        for _, size, file in files:
            if self._bytes <= KEPT * self._limit:
                break
            file.unlink(missing_ok=True)
            self._bytes -= size

    def _files(self) -> list[tuple[float, int, Path]]:
        """Return when each file was last used, its size in bytes, and its path; also what killed runs left halfway."""
        files = []
        for path in self._folder.glob("[0-9a-f][0-9a-f]/*.npz*"):
            with suppress(FileNotFoundError):  # another run may remove it
                stat = path.stat()
                files.append((stat.st_mtime, stat.st_size, path))
        return files


def recipe(settings: LocalSettings) -> str:
    """Return all that decides local features beside the image: settings, code, libraries, and DELG's weights."""
    chosen = settings.chosen
    modules = [images, delg if isinstance(chosen, DelgSettings) else rootsift]
    files = [Path(str(module.__file__)) for module in modules]
    if isinstance(chosen, DelgSettings):
        files += sorted((inputs.find(chosen.slug) / chosen.folder).rglob("*"))
    digests = [fingerprints.sha256(file) for file in files if file.is_file()]
    versions = [module.__version__ for module in (cv2, np, PIL, tf)]
    return repr((chosen, settings.exif_rotation, versions, digests))


def _read(file: Path) -> LocalFeatures | None:
    try:
        with np.load(file) as arrays:
            features = LocalFeatures(arrays["keypoints"], arrays["descriptors"], float(arrays["scale"]))
        os.utime(file)
    except DAMAGED:
        return None
    return features
