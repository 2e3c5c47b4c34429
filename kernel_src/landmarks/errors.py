"""The errors of the recognition package.

kernelwright.runtime.errors.KernelwrightError
├── InvalidData          a CSV file or a folder of images that is not what the competition promises
│   └── InvalidPredictions   predictions that cannot be scored; a ValueError too
├── UnreadableImage      an image file that no decoder reads
├── GalleryTooLarge      more images than can be ranked by local features alone
├── WrongModelFile       a model.json that does not describe a network
└── WrongWeights         a weights file that does not fit the network it is attached for
"""

from kernelwright.runtime.errors import KernelwrightError


class InvalidData(KernelwrightError):
    """A CSV file or a folder of images that is not what the competition promises."""


class InvalidPredictions(InvalidData, ValueError):
    """Predictions that cannot be scored."""


class UnreadableImage(KernelwrightError):
    """An image file that no decoder reads."""


class GalleryTooLarge(KernelwrightError):
    """More images than can be ranked by local features alone."""


class WrongModelFile(KernelwrightError):
    """A model.json that does not describe a network."""


class WrongWeights(KernelwrightError):
    """A weights file that does not fit the network it is attached for."""
