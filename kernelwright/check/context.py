"""What the checks are called with, besides a `Project`."""

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
    """The project's folder and its metadata file, which may not be a project yet."""

    root: Path
    metadata: str

    @cached_property
    def raw(self) -> Mapping[str, Any]:
        """The metadata as JSON; empty where it cannot be read, which is found by who loads the project."""
        try:
            return metadata.read_raw(self.root, self.metadata)
        except InvalidProject:
            return {}

    @cached_property
    def values(self) -> Mapping[str, Any]:
        """Those values of the metadata that fit, as the fields of `KernelMetadata` hold them."""
        return metadata.fitting(self.raw)

    def problem(self, code: str, place: str, message: str, fix: str) -> Problem:
        """Return a problem of the metadata file."""
        return Problem(code=code, file=self.metadata, place=place, message=message, fix=fix)


@dataclass(frozen=True, kw_only=True)
class Context:
    """A project, and the notebook its files give now, assembled whatever its size."""

    project: Project
    built: Notebook
    _shared: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def report(self) -> Report | None:
        """The report of a rehearsal of exactly these bytes, None where there is none."""
        try:
            read = rehearsal_report.read(self.project)
        except (OSError, ValueError):
            return None
        return read if read.notebook_sha256 == hashing.sha256(self.built.data) else None

    @cached_property
    def images(self) -> list[Image]:
        """The project's images; the newest is every project's that names none."""
        names = self.project.configuration.images or (kaggle_image.DEFAULT,)
        return [kaggle_image.load(name, self.project.root) for name in names]

    def shared(self, make: Callable[["Context"], T]) -> T:
        """Return ``make(context)``, which is made once for all checks that ask for it."""
        if make not in self._shared:
            self._shared[make] = make(self)
        value: T = self._shared[make]
        return value
