"""The wheels: present, locked, unaltered, for each image's Python. That they are attached, the project itself asks."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from kernelwright.check.finding import Finding, Severity
from kernelwright.errors import InvalidImage, InvalidProject
from kernelwright.image.kaggle_image import Image
from kernelwright.project.metadata import DATASET_FILE
from kernelwright.project.model import Project
from kernelwright.support.hashing import file_sha256
from kernelwright.wheels import project_locks, update
from kernelwright.wheels.dataset import LICENCES

_MAKE = "run `kernelwright wheels`"


def check(project: Project) -> Iterator[Finding]:
    """Check the wheels of a kernel that needs any."""
    if project.configuration.wheels:
        yield from _files(project)


def _files(project: Project) -> Iterator[Finding]:
    folder = update.folder(project)
    place = folder.relative_to(project.root).as_posix()
    present = {path.name: path for path in sorted(folder.glob("*.whl"))}
    locks, told = _locked(project)
    if not present and (told or not folder.is_dir()):
        yield _found(place, "no wheels were made yet", _MAKE, Severity.unready)
        return
    yield from _owned(project, folder, place)
    yield from _stray(folder, place, locks)
    yield from _unlocked(place, present, told)
    for one in locks:
        yield from _unserved(place, present, one)


def _owned(project: Project, folder: Path, place: str) -> Iterator[Finding]:
    """Find wheels that were made before the owner was configured, or for another slug."""
    name = f"{project.metadata.id.partition('/')[0]}/{project.configuration.wheels_dataset}"
    try:
        made = json.loads((folder / DATASET_FILE).read_text("utf-8"))["id"]
    except (OSError, ValueError, KeyError, TypeError):  # found when the dataset is to be sent
        made = name
    if made != name:
        problem = f"id is {made}, and the kernel attaches {name}"
        yield _found(f"{place}/{DATASET_FILE}", problem, _MAKE, Severity.unready)


def _stray(folder: Path, place: str, locks: Sequence[project_locks.ImageLock]) -> Iterator[Finding]:
    """Find what would be sent with the wheels, and is none of them nor made with them."""
    made = {DATASET_FILE, LICENCES, *(f"requirements-{one.image.name}.txt" for one in locks)}
    for path in sorted(folder.iterdir()) if locks else ():
        if path.suffix != ".whl" and not path.name.startswith(".") and path.name not in made:
            problem = "would be sent with the wheels, and was not made with them"
            yield _found(f"{place}/{path.name}", problem, f"remove it, or {_MAKE}", Severity.warning)


def _locked(project: Project) -> tuple[Sequence[project_locks.ImageLock], Mapping[str, str]]:
    try:
        return project_locks.read(project), project_locks.wheel_hashes(project)
    except (InvalidProject, InvalidImage):  # reported where the notebook is built
        return (), {}


def _unlocked(place: str, present: Mapping[str, Path], told: Mapping[str, str]) -> Iterator[Finding]:
    for name, path in present.items():
        if name not in told:
            yield _found(f"{place}/{name}", "no lock names it", _MAKE)
        elif file_sha256(path) != told[name]:
            yield _found(f"{place}/{name}", "altered: its sha256 is not the lock's", _MAKE)


def _unserved(place: str, present: Mapping[str, Path], one: project_locks.ImageLock) -> Iterator[Finding]:
    """Find what an image was locked to take, and none of the wheels gives its Python."""
    for distribution in one.lock.distributions if one.lock else ():
        fitting = [name for name in distribution.wheels if name in present and _fits(name, one.image)]
        if not fitting:
            image = f"{one.image.name}, Python {one.image.python}"
            problem = f"{distribution.name} {distribution.version}: no wheel here fits {image}"
            yield _found(place, problem, _MAKE, Severity.unready)


def _fits(name: str, image: Image) -> bool:
    try:
        tags = parse_wheel_filename(name)[3]
    except InvalidWheelFilename:
        return False
    return any(tag in image.tags for tag in tags)


def _found(place: str, problem: str, fix: str, severity: Severity = Severity.error) -> Finding:
    return Finding(check="wheels", severity=severity, place=place, problem=problem, fix=fix)
