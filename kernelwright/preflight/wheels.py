"""The wheels: present, locked, attached, and for the image's Python."""

from collections.abc import Iterator

from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from kernelwright import image as images
from kernelwright.errors import InvalidImage
from kernelwright.preflight.findings import Finding, Severity
from kernelwright.project import Project

_MAKE = "run `kernelwright wheels`"


def check(project: Project) -> Iterator[Finding]:
    """Check the wheels of a kernel that needs any."""
    known = project.configuration
    if known.wheels:
        if not (project.root / known.wheels).is_file():
            place = "pyproject.toml: tool.kernelwright.wheels"
            yield _found(place, f"{known.wheels!r}: no such file", "write it: a requirement a line")
        if known.wheels_dataset not in project.metadata.slugs:
            owner = project.metadata.id.partition("/")[0]
            fix = f'add "{owner}/{known.wheels_dataset}" to it'
            yield _found(f"{known.metadata}: dataset_sources", "the wheels' dataset is not attached", fix)
        yield from _files(project)


def _files(project: Project) -> Iterator[Finding]:
    folder = project.build / "wheels"
    place = folder.relative_to(project.root).as_posix()
    names = sorted(path.name for path in folder.glob("*.whl"))
    if not names:
        yield _found(place, "no wheels were made yet", _MAKE, Severity.unready)
        return
    try:
        served = [images.load(name, project.root) for name in project.configuration.images or (images.DEFAULT,)]
    except InvalidImage as error:
        yield _found("pyproject.toml: tool.kernelwright.images", str(error), "name one of those")
        return
    for name in names:
        if not any(_fits(name, image) for image in served):
            pythons = " and ".join(f"Python {image.python} of {image.name}" for image in served)
            yield _found(f"{place}/{name}", f"fits no image: not for {pythons}", _MAKE)


def _fits(name: str, image: images.Image) -> bool:
    try:
        tags = parse_wheel_filename(name)[3]
    except InvalidWheelFilename:
        return False
    return any(tag in image.tags for tag in tags)


def _found(place: str, problem: str, fix: str, severity: Severity = Severity.error) -> Finding:
    return Finding(check="wheels", severity=severity, place=place, problem=problem, fix=fix)
