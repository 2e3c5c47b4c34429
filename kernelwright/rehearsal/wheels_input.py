"""The wheels' dataset of a rehearsal: what would be uploaded, and on another Python what stands in for it."""

import shutil
from pathlib import Path

from kernelwright.errors import EnvironmentUnavailable
from kernelwright.image.kaggle_image import tags_for
from kernelwright.project.model import Project
from kernelwright.rehearsal import file_copies
from kernelwright.wheels import fetch, project_locks, update


def ensure(project: Project) -> None:
    """Make the wheels where there are none; what was altered since is left as it is, for the notebook to find."""
    if project.configuration.wheels and not update.folder(project).is_dir():
        update.make(project)


def stage(project: Project, target: Path, version: str) -> None:
    """Add the wheels' dataset to the staged input, as it is in build/wheels unless the input folder has one.

    Raises `EnvironmentUnavailable` where a distribution has no wheel for the Python that is rehearsed on.
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
        if best not in present or best == distribution.best(fitting):
            continue
        path = fetch.fetch(distribution, image, version, cache)
        if path is None:
            who = f"{distribution.name} {distribution.version}"
            raise EnvironmentUnavailable(f"{who} has no wheel for Python {version}; put the image's Python on PATH")
        file_copies.private_copy(path, folder / path.name)  # what is there may be a link to the user's own
