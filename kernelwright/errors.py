"""The errors of the packager, with one common root.

KernelwrightError            in kernelwright.runtime.errors, with the runtime's own errors
├── InvalidProject           configuration, metadata, driver or sources are invalid; holds every problem
│   └── InvalidImage         the data file of an image is missing or invalid
├── NotebookTooLarge         the notebook is larger than Kaggle accepts
├── UnwritableOutput         a file cannot be written
├── WheelsUnavailable        wheels cannot be resolved, fetched, built or carried
├── EnvironmentUnavailable   an environment like the image's cannot be created here
├── LinterFailed             ruff, which finds undefined names, is not installed or failed
├── InvalidNotebook          an edited notebook cannot be read
├── GitFailed                git refuses, for example because another user owns the repository
├── ClientMissing            Kaggle's client is not installed
├── ClientFailed             Kaggle or its client did not do what was asked
├── NotReady                 something stops a push
├── InvalidInput             the input folder of a rehearsal is incomplete
├── RehearsalUnderWay        another rehearsal of the project is running
├── NoForecast               the runs do not show how the time of each stage grows
└── HookFailed               a score or gallery hook of the kernel failed
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kernelwright.runtime.errors import KernelwrightError as KernelwrightError  # noqa: PLC0414 - re-exported


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing that is wrong with a project, as data.

    Attributes
    ----------
    code : str
        A stable code such as ``KW101``, for scripts and for ``ignore``. `kernelwright.codes` explains it.
    file : str
        The file, relative to the project.
    place : str or int
        The key in the file, such as ``dataset_sources[2]``, or the line, from 1; empty for the whole file.
    message : str
        What is wrong, with the value.
    fix : str
        How to correct it.
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
    """Configuration, metadata, driver or sources are invalid.

    Attributes
    ----------
    problems : tuple of Problem
        Every problem that was found, without duplicates.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(dict.fromkeys(problems))
        super().__init__("\n".join(map(str, self.problems)))


class NotebookTooLarge(KernelwrightError):
    """The notebook is larger than Kaggle accepts.

    Attributes
    ----------
    size, limit : int
        The notebook's size and the limit, in bytes.
    largest : mapping
        Path -> size in bytes of the largest carried files, the largest first.
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
    """A file or folder cannot be written."""


class InvalidImage(InvalidProject):
    """The data file of a Kaggle image is missing or invalid."""


class WheelsUnavailable(KernelwrightError):
    """Wheels cannot be resolved, fetched, built or carried. What was carried before is intact."""


class EnvironmentUnavailable(KernelwrightError):
    """An environment like the image's cannot be created on this machine."""


class InvalidInput(KernelwrightError):
    """The input folder of a rehearsal lacks a source that the kernel attaches, or could not be made."""


class RehearsalUnderWay(KernelwrightError):
    """Another rehearsal of the same project is running."""


class NoForecast(KernelwrightError):
    """The available runs do not show how the time of each stage grows."""


class HookFailed(KernelwrightError):
    """A score or gallery hook of the kernel raised an error or returned an invalid value."""


class LinterFailed(KernelwrightError):
    """Ruff, which finds undefined names, is not installed or failed."""


class InvalidNotebook(KernelwrightError):
    """An edited notebook cannot be read."""


class GitFailed(KernelwrightError):
    """git is installed but refuses, so neither the commit nor uncommitted changes are known."""


class ClientMissing(KernelwrightError):
    """Kaggle's client is not installed."""


class ClientFailed(KernelwrightError):
    """Kaggle or its client did not do what was asked, or could not be reached. The message says why.

    Attributes
    ----------
    code : int
        The HTTP status of Kaggle's answer; 0 if there was none.
    """

    def __init__(self, message: str, code: int = 0) -> None:
        super().__init__(message)
        self.code = code


class NotReady(KernelwrightError):
    """A push is refused: a finding stops it, edits would be lost, or another push is under way."""
