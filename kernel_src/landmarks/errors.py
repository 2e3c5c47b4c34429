"""The errors of the recognition package.

kernelwright.runtime.errors.KernelwrightError
├── InvalidData          a CSV file or an image folder does not have the competition's format
│   └── InvalidPredictions   predictions cannot be scored; also a ValueError
├── UnreadableImage      an image file cannot be decoded
├── ImagesFailed         images failed with an unexpected exception
├── NothingRecognised    no query could be compared with a gallery image
├── GalleryTooLarge      the gallery is too large to be ranked by local features alone
├── OutputNotWritten     the weights and the record of a training run cannot be written
├── WrongModelFile       a model.json, or a SavedModel, does not describe a usable network
├── WrongWeights         a weights file does not fit its network, or its embeddings are unusable
├── InvalidTraining      training settings are invalid
├── WrongCheckpoint      a checkpoint belongs to another training run
├── CheckpointNotWritten a checkpoint cannot be written
├── Diverged             the training loss is not finite, even after all retries
├── WrongIndex           an index of embeddings is damaged, or was built with other weights or settings
├── WrongReference       an npz file of non-landmarks or of a whitening is damaged, or does not fit the embeddings
└── WorkerFailed         a worker that builds an index could not be started, or failed
"""

from kernelwright.runtime.errors import KernelwrightError


class InvalidData(KernelwrightError):
    """A CSV file or an image folder does not have the competition's format."""


class InvalidPredictions(InvalidData, ValueError):
    """Predictions cannot be scored."""


class UnreadableImage(KernelwrightError):
    """An image file cannot be decoded."""


class ImagesFailed(KernelwrightError):
    """Images failed with an unexpected exception."""


class NothingRecognised(KernelwrightError):
    """No query could be compared with a gallery image."""


class GalleryTooLarge(KernelwrightError):
    """The gallery is too large to be ranked by local features alone."""


class OutputNotWritten(KernelwrightError):
    """The weights and the record of a training run cannot be written."""


class WrongModelFile(KernelwrightError):
    """A model.json, or a SavedModel, does not describe a usable network."""


class WrongWeights(KernelwrightError):
    """A weights file does not fit its network, or its embeddings are unusable."""


class InvalidTraining(KernelwrightError):
    """Training settings are invalid."""


class WrongCheckpoint(KernelwrightError):
    """A checkpoint belongs to another training run."""


class CheckpointNotWritten(KernelwrightError):
    """A checkpoint cannot be written."""


class Diverged(KernelwrightError):
    """The training loss is not finite, even after all retries."""


class WrongIndex(KernelwrightError):
    """An index of embeddings is damaged, or was built with other weights or settings."""


class WrongReference(KernelwrightError):
    """An npz file of non-landmarks or of a whitening is damaged, or does not fit the embeddings."""


class WorkerFailed(KernelwrightError):
    """A worker that builds an index could not be started, or failed."""
