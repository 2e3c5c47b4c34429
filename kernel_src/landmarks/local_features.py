"""Local features: keypoints and descriptors, and a cache so that no image is described twice."""

import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from threading import Lock
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from landmarks.dataset import Photo
from landmarks.errors import UnreadableImage
from landmarks.images import local_pixels
from landmarks.settings import LocalSettings, RootSiftSettings

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class LocalFeatures:
    """What one image shows; no feature at all is normal.

    Attributes
    ----------
    keypoints : ndarray, float32, shape (n, 2)
        (y, x), in pixels of the image as the extractor scaled it.
    descriptors : ndarray, float32, shape (n, d)
        One a keypoint, of Euclidean norm 1.
    scale : float
        Pixels of the scaled image a pixel of the image as stored.
    """

    keypoints: NDArray[np.float32]
    descriptors: NDArray[np.float32]
    scale: float = 1.0

    @property
    def nbytes(self) -> int:
        """Memory the arrays take, in bytes."""
        return self.keypoints.nbytes + self.descriptors.nbytes


NONE = LocalFeatures(np.empty((0, 2), np.float32), np.empty((0, 0), np.float32))


class Extractor(Protocol):
    """What finds the local features of an RGB image, uint8, shape (height, width, 3)."""

    def __call__(self, image: NDArray[np.uint8], /) -> LocalFeatures:
        """Return the features, strongest first."""


def extractor(settings: LocalSettings) -> Extractor:
    """Return the extractor that the settings name.

    Raises
    ------
    ValueError
        If there is none of this name.
    """
    makers: dict[str, Callable[[LocalSettings], Extractor]] = {"rootsift": lambda local: RootSift(local.rootsift)}
    if settings.extractor not in makers:
        raise ValueError(f"LocalSettings.extractor = {settings.extractor!r}; known are {', '.join(makers)}")
    return makers[settings.extractor](settings)


class RootSift:
    """SIFT, each descriptor divided by its sum, then the square root of each value.

    Euclidean distances then compare the histograms by the Hellinger kernel: Arandjelović and Zisserman, "Three
    things everyone should know to improve object retrieval", CVPR 2012.
    """

    def __init__(self, settings: RootSiftSettings) -> None:
        self._settings = settings

    def __call__(self, image: NDArray[np.uint8], /) -> LocalFeatures:
        """Return the strongest features; keypoints in pixels of the image scaled to ``longer_side_px``."""
        scale = self._settings.longer_side_px / max(image.shape)
        grey = _scaled(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), scale)
        sift = cv2.SIFT.create()
        found = self._strongest(sift.detect(grey, None))
        if not found:  # some OpenCV cannot describe nothing
            return NONE
        described, raw = sift.compute(grey, found)
        points = np.array([(point.pt[1], point.pt[0]) for point in described], np.float32)
        return LocalFeatures(points, root(raw), scale)

    def _strongest(self, found: Sequence[cv2.KeyPoint]) -> list[cv2.KeyPoint]:
        candidates = _upright(found) if self._settings.upright else found
        return sorted(candidates, key=lambda point: -point.response)[: self._settings.max_features]


def root(descriptors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return RootSIFT of SIFT: rows of sum 1, then square roots, so rows of Euclidean norm 1.

    Parameters
    ----------
    descriptors : ndarray, float32, shape (n, d)
        Not negative. A row of zeros stays zeros.
    """
    sums = descriptors.sum(axis=1, keepdims=True)
    rooted: NDArray[np.float32] = np.sqrt(descriptors / np.maximum(sums, np.finfo(np.float32).tiny))
    return rooted


class FeatureCache:
    """The local features of photos; beyond ``cache_bytes`` the longest unused are dropped.

    Threads may share it: a photo that one of them is describing is waited for, not described again.
    """

    def __init__(self, settings: LocalSettings) -> None:
        self._extract = extractor(settings)
        self._limit = settings.cache_bytes
        self._lock = Lock()
        self._kept: OrderedDict[Photo, Future[LocalFeatures]] = OrderedDict()
        self._bytes = 0

    def __call__(self, photo: Photo) -> LocalFeatures:
        """Return a photo's features; a photo that cannot be read is logged, and has none."""
        with self._lock:
            new = photo not in self._kept
            features = self._kept.setdefault(photo, Future())
            self._kept.move_to_end(photo)
        if new:
            self._fill(photo, features)
        return features.result()

    def _fill(self, photo: Photo, features: Future[LocalFeatures]) -> None:
        try:
            described = self._describe(photo)
        except BaseException as error:
            features.set_exception(error)
            raise
        features.set_result(described)
        with self._lock:
            self._bytes += described.nbytes
            self._shrink()

    def _describe(self, photo: Photo) -> LocalFeatures:
        try:
            return self._extract(local_pixels(photo.path))
        except UnreadableImage as error:
            log.warning("no local features: %s", error)
            return NONE

    def _shrink(self) -> None:
        idle = [photo for photo, features in self._kept.items() if features.done()]
        for photo in idle[:-1]:
            if self._bytes <= self._limit:
                return
            self._bytes -= self._kept.pop(photo).result().nbytes


def _scaled(image: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    height, width = image.shape
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    scaled: NDArray[np.uint8] = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    return scaled


def _upright(found: Sequence[cv2.KeyPoint]) -> list[cv2.KeyPoint]:
    """Turn keypoints up; of those at one place and size, which differed by direction alone, keep one."""
    unique = {(*point.pt, point.size): point for point in found}
    for point in unique.values():
        point.angle = 0.0
    return list(unique.values())
