"""A store of local features on disk, which later runs and restarted runs reuse."""

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

KEPT_SHARE = 0.9  # of the limit, after files were removed, so that not every new file removes another
DAMAGE_ERRORS = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile)


class FeatureStore:
    """Stores the features of each image content and recipe in a file. The least recently used files are removed.

    Files are written atomically and contain a checksum, so that a killed run leaves no partial file and the features of
    a damaged file are extracted again. Threads and runs may share a folder.

    Parameters
    ----------
    folder : Path
        Created if it does not exist.
    limit : int
        Maximum size of the folder in bytes.
    """

    def __init__(self, folder: Path, limit: int) -> None:
        self._folder, self._limit = folder, limit
        self._lock = Lock()
        self._bytes = sum(size for _, size, _ in self._files())
        self._writable = True

    def __call__(self, image: Path, recipe: str, extract: Callable[[], LocalFeatures]) -> LocalFeatures:
        """Return the stored features of an image file, or extract and store them.

        Parameters
        ----------
        image : Path
            Identified by its content, not by its name.
        recipe : str
            Everything else that the features depend on, as `recipe` returns it.
        extract : callable
            Extracts the features. If it raises an error, nothing is stored.
        """
        digest = hashlib.sha256(f"{fingerprints.sha256(image)} {recipe}".encode()).hexdigest()
        file = self._folder / digest[:2] / f"{digest}.npz"
        features = _read(file)
        if features is None:
            features = extract()
            if self._writable:
                self._write(file, features)
        return features

    def _write(self, file: Path, features: LocalFeatures) -> None:
        content = BytesIO()
        np.savez(content, keypoints=features.keypoints, descriptors=features.descriptors, scale=features.scale)
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            record.replace(file, content.getvalue())
        except OSError as error:
            self._writable = False
            log.warning("local features are no longer stored on disk: %s", error)
            return
        with self._lock:
            self._bytes += len(content.getvalue())
            if self._bytes > self._limit:
                self._remove_longest_unused()

    def _remove_longest_unused(self) -> None:
        files = sorted(self._files())
        self._bytes = sum(size for _, size, _ in files)
        for _, size, file in files:
            if self._bytes <= KEPT_SHARE * self._limit:
                break
            file.unlink(missing_ok=True)
            self._bytes -= size

    def _files(self) -> list[tuple[float, int, Path]]:
        """Return time of last use, size in bytes, and path of each file, including partial files of killed runs."""
        files = []
        for path in self._folder.glob("[0-9a-f][0-9a-f]/*.npz*"):
            with suppress(FileNotFoundError):  # another run may remove it
                stat = path.stat()
                files.append((stat.st_mtime, stat.st_size, path))
        return files


def recipe(settings: LocalSettings) -> str:
    """Return everything that local features depend on besides the image: settings, code, libraries, DELG's weights."""
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
    except DAMAGE_ERRORS:
        return None
    return features
