"""Local features by the extractor of the settings, with a cache in memory and on disk."""

from collections import OrderedDict
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from threading import Lock

from landmarks import delg
from landmarks.dataset import Photo
from landmarks.faults import ImageFaults
from landmarks.feature_store import FeatureStore, recipe
from landmarks.feature_types import NO_FEATURES, Extractor, LocalFeatures
from landmarks.images import local_pixels
from landmarks.rootsift import RootSift
from landmarks.settings import LocalSettings, RootSiftSettings

_Key = tuple[Photo, bool]
"""A photo, and whether coarse features are requested."""


def create_extractor(settings: LocalSettings) -> Extractor:
    """Create the extractor that the settings name.

    Raises
    ------
    ValueError
        If the name is unknown.
    InputNotFound, WrongModelFile
        If DELG's SavedModel is not attached or is not a DELG network.
    """
    chosen = settings.chosen
    return RootSift(chosen) if isinstance(chosen, RootSiftSettings) else delg.attached(chosen).local


def coarse_settings(settings: LocalSettings) -> LocalSettings:
    """Return settings for faster, coarse features: DELG without its largest scale, RootSIFT on half-size images."""
    rootsift = replace(settings.rootsift, longer_side_px=settings.rootsift.longer_side_px // 2)
    scales = tuple(sorted(settings.delg.scales)[:-1]) or settings.delg.scales
    return replace(settings, rootsift=rootsift, delg=replace(settings.delg, scales=scales))


class FeatureCache:
    """An LRU cache of the local features of photos, limited to ``cache_bytes``.

    Thread-safe: if a thread requests a photo that another thread is extracting, it waits for that result.

    Parameters
    ----------
    settings : LocalSettings
        The extractor, the size of the cache, and the folder that keeps features between runs, if any.
    faults : ImageFaults, optional
        Where failed images are recorded.
    """

    def __init__(self, settings: LocalSettings, faults: ImageFaults | None = None) -> None:
        by_coarse = {False: settings, True: coarse_settings(settings)}
        self._extractors = {coarse: create_extractor(chosen) for coarse, chosen in by_coarse.items()}
        self._store = FeatureStore(Path(settings.store), settings.store_bytes) if settings.store else None
        self._recipes = {coarse: recipe(chosen) for coarse, chosen in by_coarse.items()} if settings.store else {}
        self._limit = settings.cache_bytes
        self._exif_rotation = settings.exif_rotation
        self._faults = faults or ImageFaults()
        self._lock = Lock()
        self._cached: OrderedDict[_Key, Future[LocalFeatures]] = OrderedDict()
        self._bytes = 0

    def __call__(self, photo: Photo, *, coarse: bool = False) -> LocalFeatures:
        """Return the features of a photo. A photo that cannot be read or extracted is logged and has no features.

        With ``coarse``, return coarse features, unless fine features are already cached.
        """
        with self._lock:
            key = (photo, coarse and (photo, False) not in self._cached)
            new = key not in self._cached
            features = self._cached.setdefault(key, Future())
            self._cached.move_to_end(key)
        if new:
            self._fill(key, features)
        return features.result()

    def _fill(self, key: _Key, features: Future[LocalFeatures]) -> None:
        try:
            described = self._describe(*key)
        except BaseException as error:
            features.set_exception(error)
            raise
        features.set_result(described)
        with self._lock:
            self._bytes += described.nbytes
            idle = [cached for cached, described in self._cached.items() if described.done()]
            for oldest in idle[:-1]:
                if self._bytes <= self._limit:
                    break
                self._bytes -= self._cached.pop(oldest).result().nbytes

    def _describe(self, photo: Photo, coarse: bool) -> LocalFeatures:  # noqa: FBT001 - the parts of a key
        def describe() -> LocalFeatures:
            return self._extractors[coarse](local_pixels(photo.path, exif_rotation=self._exif_rotation))

        try:
            return self._store(photo.path, self._recipes[coarse], describe) if self._store else describe()
        except Exception as error:  # noqa: BLE001 - one image that breaks a decoder must not stop the others
            self._faults.add("no local features", photo, error)
            return NO_FEATURES
