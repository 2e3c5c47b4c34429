"""All checks of one kernel, in one go."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from kernelwright.bundle import build
from kernelwright.check import kernels, load_problems, metadata, notebook, rehearsal, secrets, wheels, worktree
from kernelwright.check.code import exits, inputs, network, submission_writes, symbols
from kernelwright.check.code.source import is_own
from kernelwright.check.finding import Finding, Severity, ordered
from kernelwright.errors import InvalidImage, InvalidProject, NotebookTooLarge
from kernelwright.project.config import KernelConfiguration
from kernelwright.project.model import Project, load_configuration, load_project

_OF_FORM = re.compile(r": (code_file|\w+_sources\[\d+\])$")
_NAMED = 3


def survey(folder: Path, kernel: str = "") -> list[Finding]:
    """Make every check that can be made, the gravest finding first.

    Where the project's files cannot be read, what they say is still checked as far as it goes.
    """
    root = folder.resolve()
    try:
        project = load_project(root, kernel)
    except InvalidProject as error:
        return ordered(_once([*load_problems.told(root, "project", map(str, error.problems)), *_raw(root, kernel)]))
    found = [*metadata.check(root, project.configuration.metadata), *worktree.check(root), *kernels.check(project)]
    return ordered([*found, *wheels.check(project), *_of_notebook(project)])


def _raw(root: Path, kernel: str) -> Iterator[Finding]:
    try:
        known = load_configuration(root)
        chosen: KernelConfiguration | None = known.kernels.get(kernel) if kernel else known
    except InvalidProject:
        chosen = None
    yield from metadata.check(root, chosen.metadata if chosen else "kernel-metadata.json")
    yield from worktree.check(root)


def _once(found: Sequence[Finding]) -> list[Finding]:
    """Leave out what the project says of the form of a value, where a rule of the metadata says the same better."""
    errors = [one for one in found if one.check == "metadata" and one.severity == Severity.error]
    told = {one.place for one in errors if _OF_FORM.search(one.place)}
    return [one for one in found if one.check != "project" or one.place not in told]


def _of_notebook(project: Project) -> Iterator[Finding]:
    try:
        built = build.assemble(project)
    except (InvalidProject, InvalidImage) as error:
        yield from load_problems.told(project.root, "build", str(error).splitlines())
    else:
        yield from _of_bytes(project, built)
        yield from _of_code(project, built)
        yield from secrets.check(project, built)


def _of_bytes(project: Project, built: build.Notebook) -> Iterator[Finding]:
    """Check what is to be pushed as a file; one that is too large can be neither built nor rehearsed yet."""
    try:
        build.hold_to_size(project, built)
    except NotebookTooLarge as error:
        yield _too_large(project, error)
    else:
        yield from notebook.check(project, built.data)
        yield from rehearsal.check(project, hashlib.sha256(built.data).hexdigest())


def _of_code(project: Project, built: build.Notebook) -> Iterator[Finding]:
    code = symbols.read(project, built)
    yield from inputs.check(project, built, code)
    if not project.metadata.enable_internet:
        yield from network.check(code)
    own = frozenset(file.module.partition(".")[0] for file in built.tree.files if file.module and is_own(file))
    writers = submission_writes.find(code, project.configuration.submission[0], own)
    yield from exits.check(code, writers, competes=bool(project.metadata.competition_sources))


def _too_large(project: Project, error: NotebookTooLarge) -> Finding:
    first, *rows, fix = str(error).split("\n")
    problem = f"{first.partition(': ')[2]} {'; '.join(' '.join(row.split()) for row in rows[:_NAMED])}"
    return Finding(check="size", severity=Severity.error, place=project.metadata.code_file, problem=problem, fix=fix)
