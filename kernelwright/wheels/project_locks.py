"""Read and check a project's locks, one per image."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name

from kernelwright.errors import InvalidProject, Problem
from kernelwright.image import kaggle_image
from kernelwright.image.kaggle_image import Image
from kernelwright.project.model import PYPROJECT, TABLE, Project
from kernelwright.wheels import lockfile
from kernelwright.wheels import requirements as requirements_file
from kernelwright.wheels.lockfile import Distribution, Lock
from kernelwright.wheels.requirements import Requirements

_MAKE = "run `kernelwright wheels`"


@dataclass(frozen=True, kw_only=True)
class ImageLock:
    """An image and its lock.

    Attributes
    ----------
    image : Image
        The image.
    file : Path
        The lock's file.
    lock : Lock or None
        The lock on disk; None if there is none.
    inputs : str
        Digest of the current inputs, from which the lock should have been resolved.
    """

    image: Image
    file: Path
    lock: Lock | None
    inputs: str

    @property
    def is_fresh(self) -> bool:
        """Whether the lock matches the current requirements, image and allow_sdist."""
        return self.lock is not None and self.lock.inputs == self.inputs

    @property
    def distributions(self) -> tuple[Distribution, ...]:
        """The locked distributions; empty without a lock."""
        return self.lock.distributions if self.lock else ()


def requirements(project: Project) -> Requirements:
    """Read the project's requirements file; raises `InvalidProject` if the configuration names none."""
    name = project.configuration.wheels
    if not name:
        fix = "name a file that lists what Kaggle's image lacks"
        raise InvalidProject(
            [Problem(code="KW301", file=PYPROJECT, place=f"{TABLE}.wheels", message="not set", fix=fix)]
        )
    return requirements_file.read(project.root, name)


def allowed_sdists(project: Project) -> list[str]:
    """Return the normalized names of the distributions that may be built from source."""
    return [canonicalize_name(name) for name in project.configuration.allow_sdist]


def read(project: Project) -> tuple[ImageLock, ...]:
    """Read the lock of each image, in the order of the configuration."""
    wanted = requirements(project)
    locks = []
    for name in dict.fromkeys(project.configuration.images or (kaggle_image.DEFAULT,)):
        image = kaggle_image.load(name, project.root)
        file = lockfile.place(project.root, wanted.name, name)
        digest = lockfile.inputs(wanted, image, allowed_sdists(project))
        locks.append(ImageLock(image=image, file=file, lock=lockfile.read(file), inputs=digest))
    return tuple(locks)


def problems(project: Project, locks: Sequence[ImageLock]) -> Iterator[Problem]:
    """Yield a problem for each lock that is missing or stale, and for each contradiction between the locks."""
    for image_lock in locks:
        name = image_lock.file.relative_to(project.root).as_posix()
        earlier = lockfile.earlier_place(project.root, project.configuration.wheels, image_lock.image.name)
        if image_lock.lock is None and earlier.is_file():
            message = f"no such file, and {earlier.name} is in the form of an earlier version"
            yield Problem(code="KW307", file=name, message=message, fix=f"{_MAKE}, then delete {earlier.name}")
        elif image_lock.lock is None:
            yield Problem(code="KW303", file=name, message="no such file", fix=_MAKE)
        elif not image_lock.is_fresh:
            message = f"stale: {project.configuration.wheels}, the image or allow_sdist changed since"
            yield Problem(code="KW304", file=name, message=message, fix=_MAKE)
    yield from clashes(project.configuration.wheels, locks)


def clashes(requirements: str, locks: Sequence[ImageLock]) -> Iterator[Problem]:
    """Yield a problem for each distribution that is locked at different versions for different images.

    All wheels are in one dataset, where a Python would find both versions.
    """
    versions: dict[str, dict[str, str]] = defaultdict(dict)
    for image_lock in locks:
        for distribution in image_lock.distributions:
            versions[distribution.name].setdefault(distribution.version, image_lock.image.name)
    for name, images in sorted(versions.items()):
        if len(images) > 1:
            apart = ", ".join(f"{version} for {image}" for version, image in sorted(images.items()))
            message = f"two versions of one distribution: {name} {apart}"
            fix = "pin one version that serves both images"
            yield Problem(code="KW305", file=requirements, message=message, fix=fix)


def check(project: Project) -> tuple[ImageLock, ...]:
    """Return the locks; raises `InvalidProject` if one is missing or stale, or if two contradict each other."""
    locks = read(project)
    if faults := list(problems(project, locks)):
        raise InvalidProject(faults)
    return locks


def wheel_hashes(project: Project) -> dict[str, str]:
    """Return file name -> sha256 of every locked wheel: those for the images, and those that a rehearsal may use.

    Raises the same errors as `check`.
    """
    distributions = [distribution for image_lock in check(project) for distribution in image_lock.distributions]
    return dict(sorted((file, sha256) for locked in distributions for file, sha256 in locked.wheels.items()))
