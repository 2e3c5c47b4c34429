"""The dataset of wheels in a rehearsal: the wheels that a push would upload, and stand-ins for another Python."""

import shutil
from pathlib import Path

from kernelwright.errors import EnvironmentUnavailable
from kernelwright.image.kaggle_image import tags_for
from kernelwright.project.model import Project
from kernelwright.rehearsal import file_copies
from kernelwright.wheels import fetch, project_locks, update


def ensure(project: Project) -> None:
    """Make the folder of wheels if there is none; one that was changed is left alone, so the notebook notices it."""
    if project.configuration.wheels and not update.folder(project).is_dir():
        update.make(project)


def stage(project: Project, target: Path, version: str) -> None:
    """Add the dataset of wheels to the staged input, from build/wheels unless the input folder has one.

    If the rehearsal's Python ``version`` is not the image's, add stand-in wheels. Raises `EnvironmentUnavailable` if a
    distribution has no wheel for that version.
    """
    if not project.configuration.wheels:
        return
    folder = target / project.configuration.wheels_dataset
    if not folder.is_dir():
        shutil.copytree(update.folder(project), folder)
    image_lock, requirements = project_locks.read(project)[0], project_locks.requirements(project)
    image, lock = image_lock.image, image_lock.lock
    if version == image.python or lock is None:
        return
    fitting, present = tags_for(version, image.platforms), {path.name for path in folder.glob("*.whl")}
    cache = update.wheel_cache(project, requirements)
    for distribution in lock.distributions:
        best = distribution.best(image.tags)
        # No stand-in for a wheel that the dataset lacks, or that also fits this Python.
        if best not in present or best == distribution.best(fitting):
            continue
        path = fetch.fetch(distribution, image, version, cache)
        if path is None:
            who = f"{distribution.name} {distribution.version}"
            raise EnvironmentUnavailable(f"{who} has no wheel for Python {version}; put the image's Python on PATH")
        file_copies.private_copy(path, folder / path.name)  # an existing file may be a link to the user's own
