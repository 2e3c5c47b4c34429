"""Compare the requirements of the carried distributions with the image. Each conflict names both sides."""

from collections import defaultdict
from collections.abc import Sequence

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from kernelwright.image.kaggle_image import Image
from kernelwright.wheels.requirements import Requirements
from kernelwright.wheels.wheel_file import Wheel


def find(requirements: Requirements, image: Image, wheels: Sequence[Wheel]) -> list[str]:
    """Return one line per requirement, of the kernel or of a wheel, that image and wheels do not meet."""
    carried = {wheel.name: wheel.version for wheel in wheels}
    lines = []
    for who, requirement in _required(image, wheels, requirements.name, requirements.wanted):
        name, wanted = canonicalize_name(requirement.name), f"{requirement.name}{requirement.specifier}"
        if name not in carried and name not in image.distributions:
            lines.append(f"{who} requires {wanted}; neither the image {image.name} nor the wheels hold it")
            continue
        version = carried.get(name) or image.distributions[name]  # empty if the image's version is not known
        if version and not requirement.specifier.contains(version, prereleases=True):
            holder = "carried is" if name in carried else f"the image {image.name} holds"
            lines.append(f"{who} requires {wanted}; {holder} {name} {version}")
    return lines


def needed(image: Image, wheels: Sequence[Wheel]) -> list[str]:
    """Return the image's distributions that the wheels require, normalized and sorted."""
    required = {canonicalize_name(requirement.name) for _, requirement in _required(image, wheels)}
    return sorted(required - {wheel.name for wheel in wheels})


def _required(
    image: Image, wheels: Sequence[Wheel], name: str = "", wanted: Sequence[Requirement] = ()
) -> list[tuple[str, Requirement]]:
    """Return requirer and requirement for the file ``name`` and for each wheel with its requested extras."""
    requirers = [("", name, wanted), *((it.name, f"{it.name} {it.version}", it.requires) for it in wheels)]
    extras: dict[str, set[str]] = {}
    while True:
        required = []
        for distribution, who, requirements in requirers:
            environments = [{**image.markers, "extra": it} for it in ("", *sorted(extras.get(distribution, ())))]
            applying = (r for r in requirements if r.marker is None or any(map(r.marker.evaluate, environments)))
            required += [(who, requirement) for requirement in applying]
        grown: dict[str, set[str]] = defaultdict(set)
        for _, requirement in required:
            grown[canonicalize_name(requirement.name)] |= requirement.extras
        if grown == extras:  # repeat until nothing is added, because an extra may require further extras
            return required
        extras = grown
