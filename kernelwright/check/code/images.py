"""What Kaggle's image and the project's wheels provide."""

from packaging.utils import canonicalize_name

from kernelwright.image import kaggle_image
from kernelwright.image.kaggle_image import Image
from kernelwright.project.model import Project
from kernelwright.wheels import project_locks


def of(project: Project) -> list[Image]:
    """Return the project's images; the newest is every project's that names none."""
    return [kaggle_image.load(name, project.root) for name in project.configuration.images or (kaggle_image.DEFAULT,)]


def provided(project: Project) -> set[str]:
    """Return the distributions that all images, or the wheels, provide, by their normalized names."""
    wheels = project_locks.wheel_hashes(project) if project.configuration.wheels else {}
    carried = {str(canonicalize_name(wheel.partition("-")[0])) for wheel in wheels}
    return set.intersection(*(set(image.distributions) for image in of(project))) | carried
