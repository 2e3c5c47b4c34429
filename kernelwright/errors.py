"""The errors of the packager, under the one root.

KernelwrightError            (kernelwright.runtime.errors, with the runtime's own)
├── InvalidProject           configuration, metadata, driver or sources: every problem at once
├── NotebookTooLarge         the notebook is over what Kaggle accepts
├── UnwritableOutput         a file that cannot be written
├── InvalidImage             a list of what Kaggle's image holds
├── WheelsUnavailable        what Kaggle's image lacks cannot be resolved, fetched, built or carried
├── EnvironmentUnavailable   an environment like the image's cannot be made here
├── InvalidNotebook          an edited notebook that cannot be read
├── MergeFailed              git cannot merge what changed on both sides
├── ClientMissing            Kaggle's client is not installed
├── ClientFailed             Kaggle, or its client, did not do what was asked
├── NotReady                 a check found what stops a push
├── InvalidInput             the input folder of a rehearsal
├── RehearsalUnderWay        two rehearsals of one project at a time
├── NoForecast               runs that say too little of how the time grows
└── HookFailed               a score or gallery hook of the kernel
"""

from collections.abc import Sequence

from kernelwright.runtime.errors import KernelwrightError

__all__ = [
    "ClientFailed",
    "ClientMissing",
    "EnvironmentUnavailable",
    "HookFailed",
    "InvalidImage",
    "InvalidInput",
    "InvalidNotebook",
    "InvalidProject",
    "KernelwrightError",
    "MergeFailed",
    "NoForecast",
    "NotReady",
    "NotebookTooLarge",
    "RehearsalUnderWay",
    "UnwritableOutput",
    "WheelsUnavailable",
]


class InvalidProject(KernelwrightError):
    """Configuration, metadata, driver or sources cannot be used as they are.

    Attributes
    ----------
    problems : tuple of str
        One line each: the file, the place in it, the value, what is wrong, the fix.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class NotebookTooLarge(KernelwrightError):
    """The notebook is over what Kaggle accepts."""


class UnwritableOutput(KernelwrightError):
    """A file that cannot be written."""


class InvalidImage(KernelwrightError):
    """A list of what Kaggle's image holds is missing, or cannot be used as it is."""


class WheelsUnavailable(KernelwrightError):
    """What Kaggle's image lacks cannot be resolved, fetched, built or carried; what was carried before is intact."""


class EnvironmentUnavailable(KernelwrightError):
    """An environment like the image's cannot be made here."""


class InvalidInput(KernelwrightError):
    """The input folder of a rehearsal lacks what the kernel attaches."""


class RehearsalUnderWay(KernelwrightError):
    """Another rehearsal of the same project has not ended."""


class NoForecast(KernelwrightError):
    """The runs at hand say too little of how the time of each stage grows."""


class HookFailed(KernelwrightError):
    """A score or gallery hook of the kernel raised, or returned something else than it should."""


class InvalidNotebook(KernelwrightError):
    """An edited notebook cannot be read."""


class MergeFailed(KernelwrightError):
    """What changed on both sides cannot be merged, because git cannot be run."""


class ClientMissing(KernelwrightError):
    """Kaggle's client is not installed."""


class ClientFailed(KernelwrightError):
    """Kaggle, or its client, did not do what was asked, or cannot be asked; the message is one line that says why.

    Attributes
    ----------
    code : int
        What Kaggle answered, as a status of HTTP; 0 where it did not.
    """

    def __init__(self, message: str, code: int = 0) -> None:
        super().__init__(message)
        self.code = code


class NotReady(KernelwrightError):
    """A push would not be right now: a check says so, edits would be lost, or another push is under way."""
