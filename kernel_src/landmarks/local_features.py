"""Local features by the extractor of the settings, and a cache so that no image is described twice."""

from collections import OrderedDict
from concurrent.futures import Future
from threading import Lock

from landmarks import delg
from landmarks.dataset import Photo
from landmarks.faults import ImageFaults
from landmarks.feature_types import NONE, Extractor, LocalFeatures
from landmarks.images import local_pixels
from landmarks.rootsift import RootSift
from landmarks.settings import LocalSettings, RootSiftSettings


def extractor(settings: LocalSettings) -> Extractor:
    """Return the extractor that the settings name.

    Raises
    ------
    ValueError
        If there is none of this name.
    InputNotFound, WrongModelFile
        If it is DELG, and its SavedModel is not attached or does not fit.
    """
    chosen = settings.chosen
    return RootSift(chosen) if isinstance(chosen, RootSiftSettings) else delg.attached(chosen).local


class FeatureCache:
    """The local features of photos; beyond ``cache_bytes`` the longest unused are dropped.

    Threads may share it: a photo that one of them is describing is waited for, not described again.

    Parameters
    ----------
    settings : LocalSettings
        The extractor, and the size of the cache in bytes.
    faults : ImageFaults, optional
        Where photos that fail are noted.
    """

    def __init__(self, settings: LocalSettings, faults: ImageFaults | None = None) -> None:
        self._extract = extractor(settings)
        self._limit = settings.cache_bytes
        self._exif_rotation = settings.exif_rotation
        self._faults = faults or ImageFaults()
        self._lock = Lock()
        self._cached: OrderedDict[Photo, Future[LocalFeatures]] = OrderedDict()
        self._bytes = 0

    def __call__(self, photo: Photo) -> LocalFeatures:
        """Return a photo's features; a photo that cannot be read or described is logged, and has none."""
        with self._lock:
            new = photo not in self._cached
            features = self._cached.setdefault(photo, Future())
            self._cached.move_to_end(photo)
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
            idle = [photo for photo, cached in self._cached.items() if cached.done()]
            for oldest in idle[:-1]:
                if self._bytes <= self._limit:
                    break
                self._bytes -= self._cached.pop(oldest).result().nbytes

    def _describe(self, photo: Photo) -> LocalFeatures:
        try:
            return self._extract(local_pixels(photo.path, exif_rotation=self._exif_rotation))
        except Exception as error:  # noqa: BLE001 - whatever one image does to a decoder, the others are described
            self._faults.add("no local features", photo, error)
            return NONE
