"""Edits on Kaggle that a push would put behind a new version."""

from collections.abc import Iterator
from pathlib import Path

from kernelwright.errors import InvalidNotebook
from kernelwright.project import Project
from kernelwright.remote import kernels, ledger
from kernelwright.remote.client import Client
from kernelwright.sync import base, edited, plan

_TAKEN = {"write", "delete", "conflict", "refuse"}


def edits(project: Project, client: Client) -> list[str]:
    """Name what was edited on Kaggle since the last push from here, and is not in the sources; none without a push."""
    name = project.metadata.id
    if not ledger.pushes(project.root, name):
        return []
    found = kernels.source(client, name)
    if found is None or says(found[0].encode()) in _sent(project.root):
        return []
    try:
        made = plan.make(project, found[0].encode(), name)
    except InvalidNotebook as error:
        return [str(error)]
    return [f"{change.place}: {change.what}" for change in made.changes if change.action in _TAKEN]


def says(notebook: bytes) -> object:
    """Return what a notebook says, whatever the client did to its layout and Kaggle to its metadata."""
    read = edited.read(notebook)
    return read.modules, read.set_up, [(cell.kind, cell.source) for cell in read.driver]


def _sent(root: Path) -> Iterator[object]:
    for file in (root / base.RECORDED).glob("*.ipynb"):
        try:
            yield says(file.read_bytes())
        except (InvalidNotebook, OSError):
            continue
