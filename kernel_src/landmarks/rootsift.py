"""RootSIFT: local features without a network."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from landmarks.feature_types import NO_FEATURES, LocalFeatures
from landmarks.settings import RootSiftSettings


class RootSift:
    """Extractor of SIFT features whose descriptors are L1-normalised, then square-rooted element by element.

    The Euclidean distance of such descriptors corresponds to the Hellinger kernel of the SIFT histograms.

    Parameters
    ----------
    settings : RootSiftSettings
        Image size and number of features.

    References
    ----------
    Arandjelović and Zisserman, "Three things everyone should know to improve object retrieval", CVPR 2012.
    """

    def __init__(self, settings: RootSiftSettings) -> None:
        self._settings = settings

    def __call__(self, image: NDArray[np.uint8], /) -> LocalFeatures:
        """Extract the strongest features of an image.

        Parameters
        ----------
        image : ndarray, uint8, shape (height, width, 3)
            RGB.

        Returns
        -------
        LocalFeatures
            At most ``max_features``, sorted by response. Keypoints are (y, x) in pixels of the image scaled to
            ``longer_side_px``. Descriptors have 128 values and norm 1.
        """
        scale = self._settings.longer_side_px / max(image.shape)
        grey = _scaled(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), scale)
        sift = cv2.SIFT.create()
        candidates: Sequence[cv2.KeyPoint] = sift.detect(grey, None)
        if self._settings.upright:
            candidates = _upright(candidates)
        strongest = sorted(candidates, key=lambda point: -point.response)[: self._settings.max_features]
        if not strongest:  # some versions of OpenCV fail on an empty list
            return NO_FEATURES
        described, raw = sift.compute(grey, strongest)
        points = np.array([(point.pt[1], point.pt[0]) for point in described], np.float32)
        return LocalFeatures(points, root(raw), scale)


def root(descriptors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Convert SIFT to RootSIFT descriptors: scale rows to sum 1, then take square roots, so that rows have norm 1.

    Parameters
    ----------
    descriptors : ndarray, float32, shape (n, d)
        Not negative. Rows of zeros remain zeros.

    Returns
    -------
    ndarray, float32, shape (n, d)
        A new array.
    """
    sums = descriptors.sum(axis=1, keepdims=True)
    rooted: NDArray[np.float32] = np.sqrt(descriptors / np.maximum(sums, np.finfo(np.float32).tiny))
    return rooted


def _scaled(image: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    height, width = image.shape
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    scaled: NDArray[np.uint8] = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    return scaled


def _upright(keypoints: Sequence[cv2.KeyPoint]) -> list[cv2.KeyPoint]:
    """Set the orientation of keypoints to 0, and keep one of those that differed only in orientation."""
    unique = {(*point.pt, point.size): point for point in keypoints}
    for point in unique.values():
        point.angle = 0.0
    return list(unique.values())
