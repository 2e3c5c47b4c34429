"""The attached sources: where each is in an input folder, and where Kaggle mounts it."""

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from kernelwright.project.metadata import KernelMetadata
from kernelwright.project.refs import SourceRef
from kernelwright.rehearsal.run_directory import Layout

TRUTH = "truth.csv"


@dataclass(frozen=True, kw_only=True)
class Source:
    """A competition, dataset, kernel output or model that the notebook attaches."""

    ref: str
    """As written in ``kernel-metadata.json``."""
    slug: str
    """The last part of its name, and its folder in an input folder."""
    old: str
    """Its path under ``/kaggle/input`` in the old layout."""
    new: str
    """Its path under ``/kaggle/input`` in the new layout."""
    is_shared: bool = False
    """Whether another source has the same slug, so that only ``new`` is unique."""

    @property
    def place(self) -> str:
        """Its folder in a staged input, where `kernelwright.runtime.inputs` finds it."""
        return self.new if self.is_shared else self.slug

    @property
    def is_competition(self) -> bool:
        """Whether it is a competition, whose folder may hold the truth."""
        return self.new.startswith("competitions/")

    @property
    def is_kernel(self) -> bool:
        """Whether it is another kernel's output, or a utility script."""
        return self.new.startswith("notebooks/")

    @property
    def module(self) -> str:
        """The name by which a utility script is imported."""
        return self.slug.replace("-", "_")

    def is_shown(self, file: Path) -> bool:
        """Return True if a run may see the file, as it may all but a competition's truth."""
        return not self.is_competition or file.name != TRUTH

    def within(self, folder: Path) -> Path | None:
        """Return its folder in an input folder, found by its path in the new layout, in the old one, or by its slug.

        Return None if there is none.
        """
        places = (self.new,) if self.is_shared else (self.new, self.old, self.slug)
        return next((folder / place for place in places if (folder / place).is_dir()), None)

    def mount_point(self, layout: Layout) -> str:
        """Return where Kaggle mounts its data."""
        return f"/kaggle/input/{self.new if self.is_shared or layout == 'new' else self.old}"

    def script_mount_point(self, layout: Layout) -> str:
        """Return where Kaggle mounts a utility script."""
        return f"/kaggle/usr/lib/{self.new.replace(self.slug, self.module) if layout == 'new' else self.module}"


def sources(metadata: KernelMetadata) -> list[Source]:
    """Return the sources that the notebook attaches, competitions first."""
    names = metadata.competition_sources
    listed = [Source(ref=name, slug=name, old=name, new=f"competitions/{name}") for name in names]
    for kind, refs in (("datasets", metadata.dataset_sources), ("notebooks", metadata.kernel_sources)):
        for text, ref in ((text, SourceRef.parse(text)) for text in refs):
            listed.append(Source(ref=text, slug=ref.slug, old=ref.slug, new=f"{kind}/{ref.name}"))
    for text in metadata.model_sources:
        below = text.partition("/")[2]  # the old layout has models without their owner
        listed.append(Source(ref=text, slug=SourceRef.parse(text).slug, old=below, new=f"models/{text}"))
    counts = Counter(source.slug for source in listed)
    # A competition has no owner, so it keeps its slug as its folder even if other sources have the same slug.
    return [replace(source, is_shared=counts[source.slug] > 1 and not source.is_competition) for source in listed]


def competitions(metadata: KernelMetadata) -> list[Source]:
    """Return the competitions that the notebook attaches."""
    return [source for source in sources(metadata) if source.is_competition]
