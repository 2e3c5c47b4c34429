"""Plan what an edited notebook changes, file by file, and apply the plan."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from kernelwright.bundle.build import Notebook, build_notebook
from kernelwright.errors import InvalidProject
from kernelwright.project.model import Project, load_configuration, load_project
from kernelwright.project.refs import SourceRef
from kernelwright.pull import ancestor, driver, edited_notebook, modules
from kernelwright.pull.changes import Change, Plan
from kernelwright.pull.edited_notebook import BuildManifest, EditedNotebook
from kernelwright.support import atomic_files

__all__ = ["CONFLICTS", "Change", "Plan", "apply", "conflict_file", "make_plan"]

CONFLICTS = "build/conflicts"


def make_plan(project: Project, data: bytes, name: str = "the notebook", *, force: bool = False) -> Plan:
    """Compare an edited notebook with the project, without writing anything.

    Parameters
    ----------
    project : Project
        The project to compare with.
    data : bytes
        The notebook's bytes.
    name : str
        What problems call the notebook.
    force : bool
        Accept a notebook that does not say that it belongs to this kernel.

    Raises
    ------
    InvalidNotebook, InvalidProject
        If the notebook or the project cannot be read.
    GitFailed
        If git is needed, to merge a file or to read the history, and cannot be run.
    """
    edited = edited_notebook.read(data, name)
    if not force and (what := _not_this_kernels(project, edited.manifest.kernel)):
        return Plan(changes=[Change(action="refuse", place=name, what=what)])
    built = build_notebook(project)  # what the sources give now, to compare generated text and vendored files
    base = ancestor.find(project, built, edited)
    return Plan(
        changes=[
            *_notes(built, edited),
            *modules.changes(project, built, edited, base),
            *driver.changes(project, edited, base),
        ]
    )


def _not_this_kernels(project: Project, slug: str) -> str:
    """Return why a notebook of the kernel ``slug`` is refused; empty if it belongs to this kernel.

    Every cell of another kernel's notebook would be an edit of the driver.
    """
    own = SourceRef.parse(project.metadata.id).slug
    if slug == own:
        return ""
    if not slug:
        return "does not say which kernel it was built for; --force takes it for this one's"
    for kernel in sorted({"", *load_configuration(project.root).kernels} - {project.kernel}):
        with suppress(InvalidProject):  # a problem of another kernel does not matter here
            if slug == SourceRef.parse(load_project(project.root, kernel).metadata.id).slug:
                option = f"with --kernel {kernel}" if kernel else "without --kernel"
                return f"is the notebook of {slug}; pull it {option}"
    return f"was built for the kernel {slug}, not for {own}; --force takes it for this one's all the same"


def _notes(built: Notebook, edited: EditedNotebook) -> Iterator[Change]:
    """Yield a note for each edit of generated text, which is not pulled, and for each module that two cells write."""
    not_taken = "edited, but it is generated: not taken"
    own = edited_notebook.read(built.data)
    if not edited.set_up:
        yield Change(action="note", place="bootstrap cell", what="missing; it is generated")
    elif edited.set_up != own.set_up and edited.manifest in (BuildManifest(), own.manifest):
        yield Change(action="note", place="bootstrap cell", what=not_taken)
    for text in edited.headings if edited.manifest == own.manifest else ():  # another build has other headings
        if text not in own.headings:
            yield Change(action="note", place=text.partition("\n")[0], what=not_taken)
    paths = [path for path, _ in edited.modules]
    for path in dict.fromkeys(path for path in paths if paths.count(path) > 1):
        yield Change(action="note", place=path, what="two cells write it; the last one counts, as when it is run")


def apply(project: Project, plan: Plan) -> None:
    """Write and delete the files of the plan. A conflict is written to `CONFLICTS`, and its file is not touched."""
    contents = {
        Path(change.place) if change.action == "write" else conflict_file(change): change.after
        for change in plan.changes
        if change.after is not None and change.action in {"write", "conflict"}
    }
    atomic_files.replace_all({project.root / path: data for path, data in contents.items()})
    for change in plan.changes:
        if change.action == "delete":
            atomic_files.remove(project.root / change.place)


def conflict_file(change: Change) -> Path:
    """Return the path to which a conflict is written, relative to the project."""
    return Path(CONFLICTS, change.place)
