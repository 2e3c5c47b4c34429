"""A project's locks: one for each image it serves, and what all of them together tell the notebook."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name

from kernelwright.errors import InvalidProject
from kernelwright.image import kaggle_image as images
from kernelwright.image.kaggle_image import Image
from kernelwright.project.model import Project
from kernelwright.wheels import lockfile as lock
from kernelwright.wheels import requirements
from kernelwright.wheels.lockfile import Lock
from kernelwright.wheels.requirements import Requirements


@dataclass(frozen=True, kw_only=True)
class Slot:
    """One image, and the lock made for it.

    Attributes
    ----------
    image : Image
        What is served.
    file : Path
        The lock's place.
    lock : Lock or None
        As it is on disk.
    inputs : str
        What it should have been resolved from.
    """

    image: Image
    file: Path
    lock: Lock | None
    inputs: str

    @property
    def is_fresh(self) -> bool:
        """Tell whether the lock is of today's requirements, image and leave to build."""
        return self.lock is not None and (self.lock.format, self.lock.inputs) == (lock.FORMAT, self.inputs)


def wanted(project: Project) -> Requirements:
    """Read the project's requirements; raises `InvalidProject` where it has none."""
    name = project.configuration.wheels
    if not name:
        key = "pyproject.toml: tool.kernelwright.wheels"
        raise InvalidProject([f"{key}: not set; name a file that lists what Kaggle's image lacks"])
    return requirements.read(project.root, name)


def slots(project: Project) -> tuple[Slot, ...]:
    """Read the lock of each image, the first image first."""
    known = project.configuration
    asked = wanted(project)
    return tuple(_slot(project, asked, name) for name in known.images or (images.DEFAULT,))


def _slot(project: Project, asked: Requirements, name: str) -> Slot:
    image = images.load(name, project.root)
    allowed = [str(canonicalize_name(allowed)) for allowed in project.configuration.allow_sdist]
    file = lock.place(project.root, project.configuration.wheels, name)
    return Slot(image=image, file=file, lock=lock.read(file), inputs=lock.inputs(asked, image, allowed))


def problems(project: Project) -> list[str]:
    """Return a line for each lock that is missing or stale, and for what the locks do not agree on."""
    return list(_problems(project, slots(project)))


def _problems(project: Project, found: Sequence[Slot]) -> Iterator[str]:
    for slot in found:
        name = slot.file.relative_to(project.root)
        if slot.lock is None:
            yield f"{name}: no such file; make it with `kernelwright wheels`"
        elif not slot.is_fresh:
            yield f"{name}: stale: {project.configuration.wheels}, the image or allow_sdist changed since; {_CURE}"
    yield from clashes(found)


_CURE = "run `kernelwright wheels`"


def clashes(found: Sequence[Slot]) -> Iterator[str]:
    """Name what one Python would find two versions of, because images were locked apart."""
    versions: dict[str, dict[str, str]] = defaultdict(dict)
    for slot in found:
        for distribution in slot.lock.distribution if slot.lock else ():
            versions[distribution.name].setdefault(distribution.version, slot.image.name)
    for name, by in sorted(versions.items()):
        if len(by) > 1:
            told = ", ".join(f"{version} for {image}" for version, image in sorted(by.items()))
            yield f"two of one distribution: {name} {told}; pin one version that serves both images"


def told(project: Project) -> dict[str, str]:
    """Return every locked wheel, file name to sha256: those that are carried, and those a rehearsal may take.

    Raises
    ------
    InvalidProject
        A lock is missing or stale, or two do not agree.
    """
    found = slots(project)
    if faults := list(_problems(project, found)):
        raise InvalidProject(faults)
    locked = (distribution for slot in found if slot.lock for distribution in slot.lock.distribution)
    return dict(sorted((file, sha256) for distribution in locked for file, sha256 in distribution.wheels.items()))
