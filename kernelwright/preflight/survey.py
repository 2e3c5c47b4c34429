"""All checks of one kernel, in one go."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from kernelwright import building
from kernelwright.errors import InvalidImage, InvalidProject, NotebookTooLarge
from kernelwright.preflight import code, git, inputs, metadata, notebook, rehearsal, secrets, wheels
from kernelwright.preflight.findings import Finding, Severity, ordered
from kernelwright.project import KernelConfiguration, Project, load_configuration, load_project


def survey(folder: Path, kernel: str = "") -> list[Finding]:
    """Make every check that can be made, the gravest finding first.

    Where the project's files cannot be read, what they say is still checked as far as it goes.
    """
    root = folder.resolve()
    try:
        project = load_project(root, kernel)
    except InvalidProject as error:
        return ordered([*_of_lines("project", error.problems), *_raw(root, kernel)])
    found = [*metadata.check(project.root, project.configuration.metadata), *git.check(root)]
    return ordered([*found, *wheels.check(project), *_of_notebook(project)])


def _raw(root: Path, kernel: str) -> Iterator[Finding]:
    try:
        known = load_configuration(root)
        chosen: KernelConfiguration | None = known.kernels.get(kernel) if kernel else known
    except InvalidProject:
        chosen = None
    yield from metadata.check(root, chosen.metadata if chosen else "kernel-metadata.json")
    yield from git.check(root)


def _of_notebook(project: Project) -> Iterator[Finding]:
    try:
        built = building.build_notebook(project)
    except (InvalidProject, InvalidImage) as error:
        yield from _of_lines("build", str(error).splitlines())
    except NotebookTooLarge as error:
        yield _too_large(project, error)
    else:
        yield from notebook.check(project, built.data)
        yield from inputs.check(project, built)
        yield from code.check(project, built)
        yield from secrets.check(built)
        yield from rehearsal.check(project, hashlib.sha256(built.data).hexdigest())


def _too_large(project: Project, error: NotebookTooLarge) -> Finding:
    first, _, rest = str(error).partition("\n")
    place, _, problem = first.partition(": ")
    place, fix = place or project.notebook.name, rest.rpartition("\n")[2]
    return Finding(check="size", severity=Severity.error, place=place, problem=problem, fix=fix)


def _of_lines(check: str, lines: tuple[str, ...] | list[str]) -> Iterator[Finding]:
    """Cut problems, each a line of file, place, value and fix, into their parts."""
    for line in lines:
        told, _, fix = line.rpartition("; ")
        told, fix = (told, fix) if told else (fix, "")
        file, _, rest = told.partition(": ")
        inside, colon, problem = rest.partition(": ")
        place, problem = (f"{file}: {inside}", problem) if colon and " " not in inside else (file, rest)
        yield Finding(check=check, severity=Severity.error, place=place, problem=problem or told, fix=fix)
