"""What the carried distributions require, compared with what the image has: each conflict names both sides."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from kernelwright.image.kaggle_image import Image
from kernelwright.wheels.requirements import Requirements
from kernelwright.wheels.wheel_file import Wheel

_NONE: frozenset[str] = frozenset()


def find(requirements: Requirements, image: Image, wheels: Sequence[Wheel]) -> list[str]:
    """Return a line for every requirement, the kernel's own and each wheel's, that image and wheels do not meet."""
    carried = {wheel.name: wheel.version for wheel in wheels}
    extras = _extras(requirements.wanted, wheels, image)
    required_by = [(requirements.name, requirement) for requirement in _applying(requirements.wanted, image)]
    for wheel in wheels:
        applying = _applying(wheel.requires, image, extras.get(wheel.name, _NONE))
        required_by += [(f"{wheel.name} {wheel.version}", requirement) for requirement in applying]
    return [line for who, requirement in required_by for line in _unmet(who, requirement, image, carried)]


def needed(image: Image, wheels: Sequence[Wheel]) -> list[str]:
    """Return the image's distributions that the wheels require, normalized and sorted."""
    carried = {wheel.name for wheel in wheels}
    extras = _extras((), wheels, image)
    required = [r for wheel in wheels for r in _applying(wheel.requires, image, extras.get(wheel.name, _NONE))]
    return sorted({canonicalize_name(requirement.name) for requirement in required} - carried)


def _unmet(who: str, requirement: Requirement, image: Image, carried: dict[str, str]) -> Iterator[str]:
    name, wanted = canonicalize_name(requirement.name), f"{requirement.name}{requirement.specifier}"
    if name in carried:
        if not requirement.specifier.contains(carried[name], prereleases=True):
            yield f"{who} requires {wanted}; carried is {name} {carried[name]}"
    elif name not in image.distributions:
        yield f"{who} requires {wanted}; neither the image {image.name} nor the wheels hold it"
    elif (version := image.distributions[name]) and not requirement.specifier.contains(version, prereleases=True):
        yield f"{who} requires {wanted}; the image {image.name} holds {name} {version}"


def _applying(requirements: Sequence[Requirement], image: Image, extras: frozenset[str] = _NONE) -> list[Requirement]:
    """Return the requirements whose markers hold in the image, with any of the extras."""
    environments = [{**image.markers, "extra": extra} for extra in ("", *sorted(extras))]
    return [r for r in requirements if r.marker is None or any(map(r.marker.evaluate, environments))]


def _extras(wanted: Sequence[Requirement], wheels: Sequence[Wheel], image: Image) -> dict[str, frozenset[str]]:
    """Return the extras required of each distribution, by the kernel or by what is carried."""
    extras: dict[str, frozenset[str]] = {}
    while True:
        required = _applying(wanted, image)
        for wheel in wheels:
            required += _applying(wheel.requires, image, extras.get(wheel.name, _NONE))
        grown: dict[str, frozenset[str]] = defaultdict(frozenset)
        for requirement in required:
            grown[canonicalize_name(requirement.name)] |= requirement.extras
        if grown == extras:
            return extras
        extras = grown
