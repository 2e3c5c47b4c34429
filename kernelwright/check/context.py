"""The objects that checks are called with, other than a `Project`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from kernelwright.bundle.build import Notebook
from kernelwright.check import rehearsal_report
from kernelwright.check.rehearsal_report import Report
from kernelwright.errors import InvalidProject, Problem
from kernelwright.image import kaggle_image
from kernelwright.image.kaggle_image import Image
from kernelwright.project import metadata
from kernelwright.project.model import Project
from kernelwright.support import hashing

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Files:
    """The project's folder and the name of its metadata file; the project itself may be invalid."""

    root: Path
    metadata: str

    @cached_property
    def raw(self) -> Mapping[str, Any]:
        """The metadata as JSON; empty if the file cannot be read, which loading the project reports."""
        try:
            return metadata.read_raw(self.root, self.metadata)
        except InvalidProject:
            return {}

    @cached_property
    def values(self) -> Mapping[str, Any]:
        """The valid values of the metadata, with the types of the fields of `KernelMetadata`."""
        return metadata.fitting(self.raw)

    def problem(self, code: str, place: str, message: str, fix: str) -> Problem:
        """Return a problem of the metadata file."""
        return Problem(code=code, file=self.metadata, place=place, message=message, fix=fix)


@dataclass(frozen=True, kw_only=True)
class Context:
    """A project and the notebook built from its current files, whatever its size."""

    project: Project
    built: Notebook
    _shared: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def report(self) -> Report | None:
        """The report of a rehearsal of exactly these bytes; None if there is none."""
        try:
            read = rehearsal_report.read(self.project)
        except (OSError, ValueError):  # the check `rehearsal` reads the report again and says why it cannot be used
            return None
        return read if read.notebook_sha256 == hashing.sha256(self.built.data) else None

    @cached_property
    def images(self) -> list[Image]:
        """The images that the project names; the default, the newest one, if it names none."""
        names = self.project.configuration.images or (kaggle_image.DEFAULT,)
        return [kaggle_image.load(name, self.project.root) for name in names]

    def shared(self, make: Callable[["Context"], T]) -> T:
        """Return ``make(context)``, computed once and shared by all checks that ask for it."""
        if make not in self._shared:
            self._shared[make] = make(self)
        value: T = self._shared[make]
        return value
