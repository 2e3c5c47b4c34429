"""What Kaggle's image and the project's wheels provide."""

from packaging.utils import canonicalize_name

from kernelwright.check.context import Context
from kernelwright.image import kaggle_image
from kernelwright.image.kaggle_image import Image
from kernelwright.wheels import project_locks


def load(context: Context) -> list[Image]:
    """Return the project's images, by ``context.shared``; the newest is every project's that names none."""
    project = context.project
    return [kaggle_image.load(name, project.root) for name in project.configuration.images or (kaggle_image.DEFAULT,)]


def provided(context: Context) -> set[str]:
    """Return the distributions that all images, or the wheels, provide, by their normalized names."""
    wheels = project_locks.wheel_hashes(context.project) if context.project.configuration.wheels else {}
    carried = {str(canonicalize_name(wheel.partition("-")[0])) for wheel in wheels}
    return set.intersection(*(set(image.distributions) for image in context.shared(load))) | carried
