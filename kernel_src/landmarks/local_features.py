"""Local features by the extractor of the settings, and a cache so that no image is described twice."""

import logging
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock

from landmarks import delg
from landmarks.dataset import Photo
from landmarks.errors import UnreadableImage
from landmarks.feature_types import NONE, Extractor, LocalFeatures
from landmarks.images import local_pixels
from landmarks.rootsift import RootSift
from landmarks.settings import LocalSettings

log = logging.getLogger(__name__)


def extractor(settings: LocalSettings) -> Extractor:
    """Return the extractor that the settings name.

    Raises
    ------
    ValueError
        If there is none of this name.
    InputNotFound, WrongModelFile
        If it is DELG, and its SavedModel is not attached or does not fit.
    """
    makers: dict[str, Callable[[], Extractor]] = {
        "rootsift": lambda: RootSift(settings.rootsift),
        "delg": lambda: delg.attached(settings.delg).local,
    }
    if settings.extractor not in makers:
        raise ValueError(f"LocalSettings.extractor = {settings.extractor!r}; known are {', '.join(makers)}")
    return makers[settings.extractor]()


class FeatureCache:
    """The local features of photos; beyond ``cache_bytes`` the longest unused are dropped.

    Threads may share it: a photo that one of them is describing is waited for, not described again.
    """

    def __init__(self, settings: LocalSettings) -> None:
        self._extract = extractor(settings)
        self._limit = settings.cache_bytes
        self._exif_rotation = settings.exif_rotation
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
            return self._extract(local_pixels(photo.path, exif_rotation=self._exif_rotation))
        except UnreadableImage as error:
            log.warning("no local features: %s", error)
            return NONE

    def _shrink(self) -> None:
        idle = [photo for photo, features in self._kept.items() if features.done()]
        for photo in idle[:-1]:
            if self._bytes <= self._limit:
                return
            self._bytes -= self._kept.pop(photo).result().nbytes
