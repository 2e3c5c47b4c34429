"""The errors of the recognition package.

kernelwright.runtime.errors.KernelwrightError
├── InvalidData          a CSV file or a folder of images that is not what the competition promises
│   └── InvalidPredictions   predictions that cannot be scored; a ValueError too
├── UnreadableImage      an image file that no decoder reads
├── ImagesFailed         images whose work ended in an exception nobody expects
├── NothingRecognised    no query can be compared with any gallery image
├── GalleryTooLarge      more images than can be ranked by local features alone
├── OutputNotWritten     a training's weights and record that the disk does not take
├── WrongModelFile       a model.json that does not describe a network
├── WrongWeights         a weights file that does not fit the network it is attached for, or whose embeddings are none
├── InvalidTraining      settings that cannot be trained with
├── WrongCheckpoint      a checkpoint of another training than the one that goes on from it
├── CheckpointNotWritten a checkpoint that the disk does not take
├── Diverged             a training whose loss is not finite, however often it went back
├── WrongIndex           a folder that is no index of embeddings, or one of other weights or settings
└── WorkerFailed         a worker that builds an index cannot be started, or failed
"""

from kernelwright.runtime.errors import KernelwrightError


class InvalidData(KernelwrightError):
    """A CSV file or a folder of images that is not what the competition promises."""


class InvalidPredictions(InvalidData, ValueError):
    """Predictions that cannot be scored."""


class UnreadableImage(KernelwrightError):
    """An image file that no decoder reads."""


class ImagesFailed(KernelwrightError):
    """Images whose work ended in an exception nobody expects."""


class NothingRecognised(KernelwrightError):
    """No query can be compared with any gallery image."""


class GalleryTooLarge(KernelwrightError):
    """More images than can be ranked by local features alone."""


class OutputNotWritten(KernelwrightError):
    """A training's weights and record that the disk does not take."""


class WrongModelFile(KernelwrightError):
    """A model.json that does not describe a network."""


class WrongWeights(KernelwrightError):
    """A weights file that does not fit the network it is attached for, or whose embeddings are none."""


class InvalidTraining(KernelwrightError):
    """Settings that cannot be trained with."""


class WrongCheckpoint(KernelwrightError):
    """A checkpoint of another training than the one that goes on from it."""


class CheckpointNotWritten(KernelwrightError):
    """A checkpoint that the disk does not take."""


class Diverged(KernelwrightError):
    """A training whose loss is not finite, however often it went back."""


class WrongIndex(KernelwrightError):
    """A folder that is no index of embeddings, or one of other weights or settings."""


class WrongReference(KernelwrightError):
    """An attached npz of non-landmarks or of a whitening that is damaged, or of other embeddings."""


class WorkerFailed(KernelwrightError):
    """A worker that builds an index cannot be started, or failed."""
