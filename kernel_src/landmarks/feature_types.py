"""The local features of an image, independent of the extractor."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class LocalFeatures:
    """Keypoints and descriptors of one image. An image may have no features.

    Attributes
    ----------
    keypoints : ndarray, float32, shape (n, 2)
        (y, x), in pixels of the image as the extractor scaled it.
    descriptors : ndarray, float32, shape (n, d)
        One per keypoint, with Euclidean norm 1.
    scale : float
        Pixels of the scaled image per pixel of the stored image.
    """

    keypoints: NDArray[np.float32]
    descriptors: NDArray[np.float32]
    scale: float = 1.0

    @property
    def nbytes(self) -> int:
        """Memory of the arrays, in bytes."""
        return self.keypoints.nbytes + self.descriptors.nbytes


NO_FEATURES = LocalFeatures(np.empty((0, 2), np.float32), np.empty((0, 0), np.float32))


class Extractor(Protocol):
    """A function from an RGB image, uint8, shape (height, width, 3), to its local features."""

    def __call__(self, image: NDArray[np.uint8], /) -> LocalFeatures:
        """Return the features, strongest first."""
