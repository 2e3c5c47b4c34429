"""What an edited notebook would change, file by file; `carry_out` does it."""

from collections.abc import Iterator
from pathlib import Path

from kernelwright.bundle.build import Notebook, build_notebook
from kernelwright.project.model import Project
from kernelwright.pull import ancestor as base
from kernelwright.pull import driver, edited_notebook, identity, modules
from kernelwright.pull.changes import Change, Plan
from kernelwright.pull.edited_notebook import Edited
from kernelwright.pull.manifest import Told
from kernelwright.support import atomic_files

__all__ = ["CONFLICTS", "Change", "Plan", "carry_out", "conflict_file", "make"]

CONFLICTS = "build/conflicts"


def make(project: Project, data: bytes, name: str = "the notebook") -> Plan:
    """Compare an edited notebook with the project; nothing is written.

    Parameters
    ----------
    project : Project
        What it is compared with.
    data : bytes
        The notebook.
    name : str
        What problems call it.

    Raises
    ------
    InvalidNotebook, InvalidProject
        One of the two cannot be read.
    """
    changed = edited_notebook.read(data, name)
    built = build_notebook(project)
    if what := identity.problem(project, built, changed):
        return Plan(changes=[Change(action="refuse", place=name, what=what)])
    ancestor = base.find(project, built, changed)
    found = [*_set_up(built, changed), *modules.changes(project, built, changed, ancestor)]
    return Plan(changes=[*found, *driver.changes(project, changed, ancestor)])


def _set_up(built: Notebook, changed: Edited) -> Iterator[Change]:
    own = edited_notebook.read(built.data)
    is_ours = changed.told in (Told(), own.told)
    if not changed.set_up:
        yield Change(action="note", place="set-up cell", what="missing; it is generated")
    elif changed.set_up != own.set_up and is_ours:
        yield Change(action="note", place="set-up cell", what="edited, but it is generated: not taken")
    for text in changed.headings if changed.told.digests == own.told.digests else ():
        if text not in own.headings:
            yield Change(action="note", place=text.partition("\n")[0], what="edited, but it is generated: not taken")
    seen: set[str] = set()
    for path, _ in changed.modules:
        if path in seen:
            yield Change(action="note", place=path, what="two cells write it; the last one counts, as when it is run")
        seen.add(path)


def carry_out(project: Project, plan: Plan) -> None:
    """Write and delete what the plan says; what is in conflict goes to `CONFLICTS`, and nothing is overwritten."""
    for change in plan.changes:
        file = project.root / change.place
        if change.action == "write" and change.after is not None:
            mode = file.stat().st_mode if file.exists() else 0o644
            atomic_files.replace(file, change.after)
            file.chmod(mode & 0o777)
        elif change.action == "delete":
            atomic_files.remove(file)
        elif change.action == "conflict" and change.after is not None:
            atomic_files.replace(project.root / CONFLICTS / change.place, change.after)


def conflict_file(change: Change) -> Path:
    """Return where a conflict is left, relative to the project."""
    return Path(CONFLICTS, change.place)
