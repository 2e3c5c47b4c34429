"""Error handling: images that fail individually, and errors that must not end the hidden rerun."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from kernelwright.runtime import budget, submission
from kernelwright.runtime.errors import InputNotFound
from kernelwright.runtime.inputs import find
from kernelwright.runtime.phase import Name
from landmarks import dataset
from landmarks.dataset import Photo
from landmarks.errors import ImagesFailed, UnreadableImage
from landmarks.ranking import HEADER
from landmarks.settings import OnError, Settings

log = logging.getLogger(__name__)


class ImageFaults:
    """The images that have failed so far in a run. Thread-safe.

    A failed image is logged and skipped.

    Attributes
    ----------
    photos : set of Photo
        All failed images.
    unexpected : list of str
        Path and error of each image that failed with an exception other than `UnreadableImage`.
    """

    def __init__(self) -> None:
        self.unexpected: list[str] = []
        self.photos: set[Photo] = set()

    def add(self, consequence: str, photo: Photo, error: Exception) -> None:
        """Log a failed image, preceded by the consequence of the failure, such as ``skipped``."""
        self.photos.add(photo)
        if isinstance(error, UnreadableImage):
            log.warning("%s: %s", consequence, error)
            return
        self.unexpected.append(f"{photo.path}: {type(error).__name__}: {error}")
        log.warning("%s: %s", consequence, self.unexpected[-1])

    def raise_unexpected(self) -> None:
        """Raise `ImagesFailed` if an image failed with an exception other than `UnreadableImage`."""
        if self.unexpected:
            listed = "".join(f"\n  {fault}" for fault in self.unexpected[: dataset.MAX_LISTED])
            raise ImagesFailed(f"{len(self.unexpected)} images failed, the others are recognised:{listed}")


def should_keep_going(settings: Settings, phase: Name) -> bool:
    """Return whether a run in this phase logs errors and continues (True) or raises them (False)."""
    return settings.on_error is OnError.CONTINUE or (settings.on_error is OnError.BY_PHASE and phase is Name.RERUN)


@contextmanager
def log_errors(*, keep_going: bool) -> Iterator[None]:
    """Log an exception of the block instead of raising it, if ``keep_going``.

    The submission that was written last remains on disk and is scored; a run that ends with an error is not. SIGTERM
    ends the stages of the block early, so that their results so far can be submitted.
    """
    if not keep_going:
        yield
        return
    try:
        with budget.ends_at_sigterm():
            yield
    except (Exception, SystemExit):  # some libraries call sys.exit() instead of raising an error
        log.exception("the failed part is skipped; the last submission on disk is kept")


def write_initial_submission(settings: Settings) -> None:
    """Write a valid submission before any computation.

    It is a copy of the sample submission. If there is none, it contains the ids of the test images without predictions.
    """
    try:
        submission.copy_sample()
    except InputNotFound as error:
        log.warning("%s; the ids come from the test folder", error)
        photos = dataset.list_images(find(settings.competition) / "test")
        submission.write([(photo.path.stem, "") for photo in photos], header=HEADER, after="sample")
