"""What a notebook was built from: the common ancestor of its edits and ours.

The set-up cell tells digests, of each file and of the driver's cells; each is known wherever its content is found.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, islice

from kernelwright.bundle.build import Notebook
from kernelwright.bundle.cells import Cell, driver_digest
from kernelwright.errors import InvalidProject
from kernelwright.project.model import Project
from kernelwright.pull import history, percent_script
from kernelwright.pull.edited_notebook import Edited
from kernelwright.pull.history import RECORDED

__all__ = ["RECORDED", "Base", "drivers", "find"]


@dataclass(frozen=True, kw_only=True)
class Base:
    """The ancestor.

    Attributes
    ----------
    modules : mapping
        Path -> text of the files the notebook was built from, None where it is not known.
    cells : frozenset of str
        Those that were module cells.
    driver : sequence of Cell or None
        The driver's cells; None where they are not known.
    """

    modules: Mapping[str, str | None]
    cells: frozenset[str]
    driver: Sequence[Cell] | None


def find(project: Project, built: Notebook, changed: Edited) -> Base:
    """Find what the notebook was built from."""
    notebooks = [*history.recorded(project.root), *history.built(project)]
    if changed.told.digests:
        modules = _by_digest(project, built, changed, [changed, *notebooks])
    else:
        modules = dict(_by_commit(project, built, changed))
    driver = _driver(project, changed.told.driver, notebooks) if changed.told.driver else _committed(project)
    return Base(modules=modules, cells=changed.told.cells, driver=driver)


def _by_digest(
    project: Project, built: Notebook, changed: Edited, notebooks: Sequence[Edited]
) -> Mapping[str, str | None]:
    """Return the files the notebook was built from; git is asked for those alone that a pull may touch."""
    at_hand = history.texts(project, built.tree, notebooks)
    modules: dict[str, str | None] = {path: at_hand.get(sha256) for path, sha256 in changed.told.digests.items()}
    for path in {*changed.told.cells, *dict(changed.modules)}:
        if path in modules and modules[path] is None:
            modules[path] = _remembered(project, path, changed.told.digests[path])
    return modules


def _remembered(project: Project, path: str, sha256: str) -> str | None:
    versions = history.module(project, path)
    return next((history.text(data) for data in versions if history.digest(data) == sha256), None)


def _by_commit(project: Project, built: Notebook, changed: Edited) -> Iterator[tuple[str, str | None]]:
    """Yield the modules of a notebook that does not say what it was built from; only what is committed is their base.

    What is not in the notebook may have come later, so that nothing is deleted.
    """
    now = {file.path: file for file in built.tree.files}
    for path, _ in changed.modules:
        if path in now:
            text = history.text(now[path].data)
            is_vendored = now[path].origin.startswith("vendor ")
            last = None if is_vendored else next(history.module(project, path), None)
            is_committed = is_vendored or (last is not None and history.text(last) == text)
            yield path, text if is_committed else None


def _driver(project: Project, sha256: str, notebooks: Sequence[Edited]) -> Sequence[Cell] | None:
    remembered = chain((one.driver for one in notebooks), drivers(project))
    return next((one for one in remembered if driver_digest(one) == sha256), None)


def _committed(project: Project) -> Sequence[Cell] | None:
    """Return the driver of a notebook that does not say what it was built from: what is here, if it is committed."""
    here, *last = islice(drivers(project), 2)
    return here if any(percent_script.all_same(here, one) for one in last) else None


def drivers(project: Project) -> Iterator[Sequence[Cell]]:
    """Yield the driver's cells as they are here, and as they were in each commit, the latest first."""
    here = project.driver.read_bytes() if project.driver.is_file() else b""
    for data in chain([here], history.past(project.root, project.configuration.driver)):
        with suppress(InvalidProject):
            yield percent_script.read(data)
