"""The wheels: present, locked, unaltered, for each image's Python. The project itself checks that they are attached."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from kernelwright.check.registry import register
from kernelwright.errors import InvalidImage, InvalidProject, Problem
from kernelwright.image.kaggle_image import Image
from kernelwright.project.metadata import DATASET_FILE
from kernelwright.project.model import Project
from kernelwright.support import hashing
from kernelwright.wheels import project_locks, update
from kernelwright.wheels.dataset import LICENCES

_MAKE = "run `kernelwright wheels`"


@register("wheels", Project)
def wheels(project: Project) -> Iterator[Problem]:
    """Compare the folder of wheels with the locks, for a kernel that needs any."""
    if not project.configuration.wheels:
        return
    folder = update.folder(project)
    place = folder.relative_to(project.root).as_posix()
    present = {path.name: path for path in sorted(folder.glob("*.whl"))}
    try:
        locks, hashes = project_locks.read(project), project_locks.wheel_hashes(project)
    except (InvalidProject, InvalidImage):  # reported where the notebook is built
        locks, hashes = (), {}
    if not present and (hashes or not folder.is_dir()):
        yield Problem(code="KW351", file=place, message="no wheels were made yet", fix=_MAKE)
        return
    yield from _owner(project, folder, place)
    if locks:
        yield from _strays(folder, place, locks)
    yield from _altered(place, present, hashes)
    for image_lock in locks:
        for distribution in image_lock.lock.distributions if image_lock.lock else ():
            if not any(name in present and _fits(name, image_lock.image) for name in distribution.wheels):
                image = f"{image_lock.image.name}, Python {image_lock.image.python}"
                message = f"{distribution.name} {distribution.version}: no wheel here fits {image}"
                yield Problem(code="KW356", file=place, message=message, fix=_MAKE)


def _altered(place: str, present: Mapping[str, Path], hashes: Mapping[str, str]) -> Iterator[Problem]:
    for name, path in present.items():
        if name not in hashes:
            yield Problem(code="KW354", file=f"{place}/{name}", message="no lock names it", fix=_MAKE)
        elif hashing.file_sha256(path) != hashes[name]:
            message = "altered: its sha256 is not the lock's"
            yield Problem(code="KW355", file=f"{place}/{name}", message=message, fix=_MAKE)


def _owner(project: Project, folder: Path, place: str) -> Iterator[Problem]:
    """Find wheels that were made before the owner was configured, or for another slug."""
    name = f"{project.metadata.owner}/{project.configuration.wheels_dataset}"
    try:
        described = json.loads((folder / DATASET_FILE).read_text("utf-8"))["id"]
    except (OSError, ValueError, KeyError, TypeError):  # found when the dataset is to be sent
        return
    if described != name:
        message = f"id is {described}, and the kernel attaches {name}"
        yield Problem(code="KW352", file=f"{place}/{DATASET_FILE}", message=message, fix=_MAKE)


def _strays(folder: Path, place: str, locks: Sequence[project_locks.ImageLock]) -> Iterator[Problem]:
    """Find files that would be sent with the wheels and were not made with them."""
    expected = {DATASET_FILE, LICENCES, *(f"requirements-{lock.image.name}.txt" for lock in locks)}
    for path in sorted(folder.iterdir()):
        if path.suffix != ".whl" and not path.name.startswith(".") and path.name not in expected:
            message = "would be sent with the wheels, and was not made with them"
            yield Problem(code="KW353", file=f"{place}/{path.name}", message=message, fix=f"remove it, or {_MAKE}")


def _fits(name: str, image: Image) -> bool:
    try:
        tags = parse_wheel_filename(name)[3]
    except InvalidWheelFilename:
        return False
    return any(tag in image.tags for tag in tags)
