"""The folders of one run, and where the attached sources are mounted."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from kernelwright.project.metadata import KernelMetadata

PhaseName = Literal["rerun", "commit"]
Layout = Literal["old", "new"]
NOTEBOOK = "__notebook__.ipynb"
"""Kaggle's own name for the notebook it runs, input and output in one, in the working folder."""


@dataclass(frozen=True, kw_only=True)
class Desk:
    """The folders of one run, all below one that is its own."""

    folder: Path

    @property
    def input(self) -> Path:
        """One folder an attached source, named by its slug."""
        return self.folder / "input"

    @property
    def working(self) -> Path:
        """The kernel's current folder; what it outputs stays here."""
        return self.folder / "working"

    @property
    def record(self) -> Path:
        """What the runtime notes: stages, submissions, the guard's choice."""
        return self.folder / "record"

    @property
    def scratch(self) -> Path:
        """HOME and TMPDIR where the sandbox has none of its own."""
        return self.folder / "scratch"

    @property
    def notes(self) -> Path:
        """What the run leaves for the launcher: how papermill ended, which hosts were asked for."""
        return self.folder / "notes"

    @property
    def log(self) -> Path:
        """Everything papermill printed."""
        return self.folder / "log.txt"

    def make(self) -> None:
        """Make the folders, all but the input."""
        for path in (self.working, self.record, self.scratch, self.notes):
            path.mkdir(parents=True)


def mount_points(metadata: KernelMetadata, layout: Layout) -> Iterator[tuple[str, str]]:
    """Yield each attached source's slug and its place under ``/kaggle/input`` in the old or the new layout."""
    new = layout == "new"
    for slug in metadata.competition_sources:
        yield slug, f"competitions/{slug}" if new else slug
    for kind, sources in (("datasets", metadata.dataset_sources), ("notebooks", metadata.kernel_sources)):
        for owner, slug in (source.split("/")[:2] for source in sources):
            yield slug, f"{kind}/{owner}/{slug}" if new else slug
    for owner, model, *rest in (source.split("/") for source in metadata.model_sources):
        yield model, "/".join(["models", owner, model, *rest] if new else [model, *rest])
