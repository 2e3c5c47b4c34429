"""RootSIFT: local features that need no network."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from landmarks.feature_types import NO_FEATURES, LocalFeatures
from landmarks.settings import RootSiftSettings


class RootSift:
    """SIFT, each descriptor divided by its sum, then the square root of each value.

    Euclidean distances then compare the histograms by the Hellinger kernel: Arandjelović and Zisserman, "Three
    things everyone should know to improve object retrieval", CVPR 2012.
    """

    def __init__(self, settings: RootSiftSettings) -> None:
        self._settings = settings

    def __call__(self, image: NDArray[np.uint8], /) -> LocalFeatures:
        """Return the strongest features.

        Parameters
        ----------
        image : ndarray, uint8, shape (height, width, 3)
            RGB.

        Returns
        -------
        LocalFeatures
            At most ``max_features``, by response; keypoints (y, x) in pixels of the image scaled to
            ``longer_side_px``; descriptors of 128 values have norm 1.
        """
        scale = self._settings.longer_side_px / max(image.shape)
        grey = _scaled(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), scale)
        sift = cv2.SIFT.create()
        candidates: Sequence[cv2.KeyPoint] = sift.detect(grey, None)
        if self._settings.upright:
            candidates = _upright(candidates)
        strongest = sorted(candidates, key=lambda point: -point.response)[: self._settings.max_features]
        if not strongest:  # some OpenCV cannot describe nothing
            return NO_FEATURES
        described, raw = sift.compute(grey, strongest)
        points = np.array([(point.pt[1], point.pt[0]) for point in described], np.float32)
        return LocalFeatures(points, root(raw), scale)


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


def _scaled(image: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    height, width = image.shape
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    scaled: NDArray[np.uint8] = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    return scaled


def _upright(keypoints: Sequence[cv2.KeyPoint]) -> list[cv2.KeyPoint]:
    """Turn keypoints up; of those at one place and size, which differed by direction alone, keep one."""
    unique = {(*point.pt, point.size): point for point in keypoints}
    for point in unique.values():
        point.angle = 0.0
    return list(unique.values())
