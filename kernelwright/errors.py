"""The errors of the packager, under the one root.

KernelwrightError            (kernelwright.runtime.errors, with the runtime's own)
├── InvalidProject           configuration, metadata, driver or sources: every problem at once
│   └── InvalidImage         a list of what Kaggle's image holds
├── NotebookTooLarge         the notebook is over what Kaggle accepts
├── UnwritableOutput         a file that cannot be written
├── WheelsUnavailable        what Kaggle's image lacks cannot be resolved, fetched, built or carried
├── EnvironmentUnavailable   an environment like the image's cannot be made here
├── LinterFailed             ruff, which finds undefined names, is not installed or failed
├── InvalidNotebook          an edited notebook that cannot be read
├── GitFailed                git refuses to tell of a repository, such as one that another user owns
├── ClientMissing            Kaggle's client is not installed
├── ClientFailed             Kaggle, or its client, did not do what was asked
├── NotReady                 a check found what stops a push
├── InvalidInput             the input folder of a rehearsal
├── RehearsalUnderWay        two rehearsals of one project at a time
├── NoForecast               runs that say too little of how the time grows
└── HookFailed               a score or gallery hook of the kernel
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kernelwright.runtime.errors import KernelwrightError as KernelwrightError  # noqa: PLC0414 - handed on


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing that is wrong with a project, as data.

    Attributes
    ----------
    code : str
        Its row in `kernelwright.codes`, such as ``KW101``: stable, for scripts and for ``ignore``.
    file : str
        The file, relative to the project.
    place : str or int
        The key in it, such as ``dataset_sources[2]``, or the line, from 1; empty for the whole file.
    message, fix : str
        What is the matter there, with the value, and what would put it right.
    """

    code: str
    file: str
    place: str | int = ""
    message: str
    fix: str = ""

    @property
    def location(self) -> str:
        """``file``, ``file:line`` or ``file: key``."""
        if isinstance(self.place, int):
            return f"{self.file}:{self.place}"
        return f"{self.file}: {self.place}" if self.place else self.file

    def __str__(self) -> str:
        where = f"{self.location}: " if self.file else ""
        return f"{where}{self.message}" + (f"; {self.fix}" if self.fix else "")


class InvalidProject(KernelwrightError):
    """Configuration, metadata, driver or sources cannot be used as they are.

    Attributes
    ----------
    problems : tuple of Problem
        Every problem of the kind, each once.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(dict.fromkeys(problems))
        super().__init__("\n".join(map(str, self.problems)))


class NotebookTooLarge(KernelwrightError):
    """The notebook is over what Kaggle accepts.

    Attributes
    ----------
    size, limit : int
        Bytes.
    largest : mapping
        Path -> bytes of the largest files it carries, the largest first.
    """

    fix = (
        "Move data into a dataset and name it in dataset_sources of kernel-metadata.json, carry fewer sources, or set "
        'carrier = "dataset", which takes the whole tree out of the notebook.'
    )

    def __init__(self, name: str, *, size: int, limit: int, largest: Mapping[str, int]) -> None:
        self.size, self.limit, self.largest = size, limit, largest
        rows = "".join(f"\n  {count:>9,} bytes  {path}" for path, count in largest.items())
        head = f"{name}: {size:,} bytes; Kaggle refuses more than 1 MB and we stop at {limit:,}"
        super().__init__(f"{head}. The largest files carried:{rows}\n{self.fix}")


class UnwritableOutput(KernelwrightError):
    """A file that cannot be written."""


class InvalidImage(InvalidProject):
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


class LinterFailed(KernelwrightError):
    """Ruff, which finds undefined names, is not installed or failed."""


class InvalidNotebook(KernelwrightError):
    """An edited notebook cannot be read."""


class GitFailed(KernelwrightError):
    """git is there and refuses, so that nothing is known of the commit and of what is not committed."""


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
