"""What stands on Kaggle as a kernel's latest version: a push from here, or edits that a push would put behind it."""

import time
from collections.abc import Iterator
from pathlib import Path

from kernelwright.errors import InvalidNotebook
from kernelwright.project.model import Project
from kernelwright.pull import ancestor, edited_notebook, plan
from kernelwright.ship import kernels, push_log
from kernelwright.ship.client import Client
from kernelwright.ship.kernels import Source
from kernelwright.ship.push_log import Push

_LOOKS = 6
_TAKEN = {"write", "delete", "conflict", "refuse"}


def says(notebook: bytes) -> object:
    """Return what a notebook says, whatever the client did to its layout and Kaggle to its metadata."""
    try:
        read = edited_notebook.read(notebook)
    except InvalidNotebook:
        return notebook
    driver = [(cell.kind, cell.source) for cell in read.driver]
    return read.modules, read.set_up, driver, read.misplaced, read.headings


def pushed(project: Project, there: Source | None) -> Push | None:
    """Return the recorded push that Kaggle's latest version is, None where it is none from here."""
    if there is None:
        return None
    said = says(there.notebook)
    known = push_log.pushes(project.root, project.metadata.id)
    kept = [(push, push_log.notebook(project.root, push)) for push in known]
    same = [push for push, sent in kept if sent is not None and says(sent) == said]
    counted = [push for push in same if there.latest in {0, push.version}]
    return counted[-1] if counted else None


def once_told(client: Client, kernel: str, version: int) -> Source | None:
    """Return the latest version, once Kaggle tells of ``version`` or a later one: just after a push it may not."""
    for look in range(_LOOKS):
        time.sleep(client.pace.poll * bool(look))
        there = kernels.source(client, kernel)
        if there and (not there.latest or there.latest >= version):
            return there
    return None


def is_version(client: Client, kernel: str, there: Source, version: int, notebook: bytes) -> bool:
    """Tell whether a kernel's latest version is ``version``, and says what ``notebook`` says.

    Just after a push Kaggle may still tell of the version before.
    """
    if says(there.notebook) == says(notebook):
        return there.latest in {0, version}
    if there.latest >= version or kernels.source(client, f"{kernel}/{version + 1}"):
        return False
    found = kernels.source(client, f"{kernel}/{version}")
    return found is not None and says(found.notebook) == says(notebook)


def edits(project: Project, there: Source | None) -> list[str]:
    """Name what was edited on Kaggle since the last push from here, and is not in the sources; none without a push."""
    name = project.metadata.id
    if there is None or not push_log.pushes(project.root, name) or says(there.notebook) in _sent(project.root):
        return []
    return untaken(project, there.notebook, name)


def untaken(project: Project, notebook: bytes, name: str) -> list[str]:
    """Name the edits in a notebook that are not in the sources."""
    try:
        made = plan.make(project, notebook, name)
    except InvalidNotebook as error:
        return [str(error)]
    return [f"{change.place}: {change.what}" for change in made.changes if change.action in _TAKEN]


def _sent(root: Path) -> Iterator[object]:
    for file in (root / ancestor.RECORDED).glob("*.ipynb"):
        yield says(file.read_bytes())
