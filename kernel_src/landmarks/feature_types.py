"""What the local features of one image are, whoever finds them."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class LocalFeatures:
    """What one image shows; no feature at all is normal.

    Attributes
    ----------
    keypoints : ndarray, float32, shape (n, 2)
        (y, x), in pixels of the image as the extractor scaled it.
    descriptors : ndarray, float32, shape (n, d)
        One per keypoint, of Euclidean norm 1.
    scale : float
        Pixels of the scaled image per pixel of the image as stored.
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
