"""What goes wrong under way: images that fail alone, and what ends a run that must not end."""

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
    """The images that failed so far: each is logged as it happens, and ends nothing. Threads may share it.

    A file that is no image is to be expected; any other exception is noted in ``unexpected``, path and error.
    """

    def __init__(self) -> None:
        self.unexpected: list[str] = []
        self.photos: set[Photo] = set()

    def add(self, consequence: str, photo: Photo, error: Exception) -> None:
        """Log an image that failed, with what follows from it."""
        self.photos.add(photo)
        if isinstance(error, UnreadableImage):
            log.warning("%s: %s", consequence, error)
            return
        self.unexpected.append(f"{photo.path}: {type(error).__name__}: {error}")
        log.warning("%s: %s", consequence, self.unexpected[-1])

    def raise_unexpected(self) -> None:
        """Raise `ImagesFailed` if an image failed with an exception that is not to be expected."""
        if self.unexpected:
            listed = "".join(f"\n  {fault}" for fault in self.unexpected[: dataset.SHOWN])
            raise ImagesFailed(f"{len(self.unexpected)} images failed, the others are recognised:{listed}")


def goes_on(settings: Settings, phase: Name) -> bool:
    """Return whether a run leaves out what fails, rather than ending red."""
    return settings.on_error is OnError.GO_ON or (settings.on_error is OnError.BY_PHASE and phase is Name.RERUN)


@contextmanager
def submission_stands(*, keep_going: bool) -> Iterator[None]:
    """Log what ends the block instead of raising it: the submission on disk is scored, an error would not be.

    SIGTERM ends the stages of the block, so that what they did so far is handed in.
    """
    if not keep_going:
        yield
        return
    try:
        with budget.ends_at_sigterm():
            yield
    except (Exception, SystemExit):  # some libraries end the process where they should raise
        log.exception("what failed is left out; the submission on disk stands")


def first_submission(settings: Settings) -> None:
    """Write a valid submission before anything is computed: the sample, else the test folder's ids without answers."""
    try:
        submission.copy_sample()
    except InputNotFound as error:
        log.warning("%s; the ids come from the test folder", error)
        photos = dataset.list_images(find(settings.competition) / "test")
        submission.write([(photo.path.stem, "") for photo in photos], header=HEADER, after="sample")
