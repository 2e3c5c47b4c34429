"""What the carried distributions require, compared with what the image has: each conflict names both sides."""

from collections.abc import Iterator, Sequence

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from kernelwright.image.kaggle_image import Image
from kernelwright.wheels.requirements import Requirements
from kernelwright.wheels.wheel_file import Wheel


def find(requirements: Requirements, image: Image, wheels: Sequence[Wheel]) -> list[str]:
    """Return a line for every requirement, the kernel's own and each wheel's, that image and wheels do not meet."""
    carried = {wheel.name: wheel.version for wheel in wheels}
    extras = _extras(requirements.wanted, wheels, image)
    required_by = [
        (requirements.name, requirement) for requirement in requirements.wanted if _applies(requirement, image)
    ]
    for wheel in wheels:
        applying = (r for r in wheel.requires if _applies(r, image, extras.get(wheel.name, frozenset())))
        required_by += [(f"{wheel.name} {wheel.version}", requirement) for requirement in applying]
    return [line for who, requirement in required_by for line in _unmet(who, requirement, image, carried)]


def needed(image: Image, wheels: Sequence[Wheel]) -> list[str]:
    """Return the image's distributions that the wheels require, normalized and sorted."""
    carried = {wheel.name for wheel in wheels}
    extras = _extras((), wheels, image)
    required = {
        canonicalize_name(requirement.name)
        for wheel in wheels
        for requirement in wheel.requires
        if _applies(requirement, image, extras.get(wheel.name, frozenset()))
    }
    return sorted(required - carried)


def _unmet(who: str, requirement: Requirement, image: Image, carried: dict[str, str]) -> Iterator[str]:
    name, wanted = canonicalize_name(requirement.name), f"{requirement.name}{requirement.specifier}"
    if name in carried:
        if not requirement.specifier.contains(carried[name], prereleases=True):
            yield f"{who} requires {wanted}; carried is {name} {carried[name]}"
    elif name not in image.distributions:
        yield f"{who} requires {wanted}; neither the image {image.name} nor the wheels hold it"
    elif not _meets(requirement, image.distributions[name]):
        yield f"{who} requires {wanted}; the image {image.name} holds {name} {image.distributions[name]}"


def _meets(requirement: Requirement, version: str) -> bool:
    """Compare a version of the image with a requirement; one that is not known is taken to meet it."""
    return not version or requirement.specifier.contains(version, prereleases=True)


def _applies(requirement: Requirement, image: Image, extras: frozenset[str] = frozenset()) -> bool:
    marker = requirement.marker
    chosen = ("", *sorted(extras))
    return marker is None or any(marker.evaluate({**image.markers, "extra": extra}) for extra in chosen)


def _extras(wanted: Sequence[Requirement], wheels: Sequence[Wheel], image: Image) -> dict[str, frozenset[str]]:
    """Return the extras required of each distribution, by the kernel or by what is carried."""
    extras: dict[str, frozenset[str]] = {}
    while True:
        required = [r for r in wanted if _applies(r, image)]
        for wheel in wheels:
            required += [r for r in wheel.requires if _applies(r, image, extras.get(wheel.name, frozenset()))]
        grown: dict[str, frozenset[str]] = {}
        for requirement in required:
            name = canonicalize_name(requirement.name)
            grown[name] = grown.get(name, frozenset()) | requirement.extras
        if grown == extras:
            return extras
        extras = grown
