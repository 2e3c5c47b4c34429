"""Check that the wheels are present, locked, unaltered and fit each image's Python.

That their dataset is attached is checked when the project is loaded.
"""

from collections.abc import Iterator
from pathlib import Path

from kernelwright.check.registry import register
from kernelwright.errors import InvalidProject, Problem
from kernelwright.image.kaggle_image import Image
from kernelwright.project.metadata import DATASET_FILE
from kernelwright.project.model import Project
from kernelwright.support import hashing, json_text
from kernelwright.wheels import project_locks, update
from kernelwright.wheels.dataset import LICENCES

Defect = tuple[str, str, str]
"""Code, file in the folder (empty for the folder itself), message."""


@register("wheels", Project)
def wheels(project: Project) -> Iterator[Problem]:
    """Compare the folder of wheels with the locks, if the kernel needs wheels."""
    if not project.configuration.wheels:
        return
    folder = update.folder(project)
    place = folder.relative_to(project.root).as_posix()
    for code, name, message in _defects(project, folder):
        fix = f"{'remove it, or ' if code == 'KW353' else ''}run `kernelwright wheels`"
        yield Problem(code=code, file=f"{place}/{name}" if name else place, message=message, fix=fix)


def _defects(project: Project, folder: Path) -> Iterator[Defect]:
    present = {path.name: path for path in sorted(folder.glob("*.whl"))}
    try:
        locks, hashes = project_locks.read(project), project_locks.wheel_hashes(project)
    except InvalidProject:  # building the notebook reports it
        locks, hashes = (), {}
    if not present and (hashes or not folder.is_dir()):
        yield "KW351", "", "no wheels were made yet"
        return
    yield from _others(project, folder, [image_lock.image for image_lock in locks])
    for name, path in present.items():
        if name not in hashes:
            yield "KW354", name, "no lock names it"
        elif hashing.file_sha256(path) != hashes[name]:
            yield "KW355", name, "altered: its sha256 is not the lock's"
    for image_lock in locks:
        image = image_lock.image
        for distribution in image_lock.lock.distributions if image_lock.lock else ():
            if not any(name in present and image.takes(name) for name in distribution.wheels):
                wanted = f"{distribution.name} {distribution.version}"
                yield "KW356", "", f"{wanted}: no wheel here fits {image.name}, Python {image.python}"


def _others(project: Project, folder: Path, images: list[Image]) -> Iterator[Defect]:
    """Find a dataset id that differs from the attached one, and files that were not made with the wheels."""
    name = f"{project.metadata.owner}/{project.configuration.wheels_dataset}"
    try:
        described = json_text.parse((folder / DATASET_FILE).read_text("utf-8"))["id"]
    except (OSError, ValueError, KeyError, TypeError):  # no valid file: reported when the dataset is uploaded
        described = name
    if described != name:
        yield "KW352", DATASET_FILE, f"id is {described}, and the kernel attaches {name}"
    expected = {DATASET_FILE, LICENCES, *(f"requirements-{image.name}.txt" for image in images)}
    for path in sorted(folder.iterdir()) if images else ():
        if path.suffix != ".whl" and not path.name.startswith(".") and path.name not in expected:
            yield "KW353", path.name, "would be sent with the wheels, and was not made with them"
