"""What a notebook was built from: the common ancestor of its edits and ours.

Files are known by the digests in the set-up cell, wherever their content is found. The driver has none: it is one of
those that a push recorded, else of the last build's and git's, as `likest` tells.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from kernelwright.building import Notebook, was_edited
from kernelwright.cells import Cell
from kernelwright.errors import InvalidProject
from kernelwright.project import Project
from kernelwright.sync import history, likest, script
from kernelwright.sync.edited import Edited
from kernelwright.sync.history import RECORDED
from kernelwright.sync.likest import Remembered

__all__ = ["RECORDED", "Base", "find"]


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


def find(project: Project, built: Notebook, changed: Edited, saved: float | None = None) -> Base:
    """Find what the notebook was built from; ``saved`` is when its file was written, where that is known."""
    recorded, last = list(history.recorded(project.root)), list(history.built(project))
    if changed.told.digests:
        modules = _by_digest(project, built, changed, [changed, *recorded, *last])
    else:
        modules = dict(_by_commit(project, built, changed))
    is_edited = was_edited(project, built)
    ours = [one for one in last if _agrees(one, changed) and not is_edited]
    remembered = Remembered(
        pushed=[one.driver for one in recorded if _agrees(one, changed)],
        built=[one.driver for one in ours if not _is_newer(project, one.driver, saved)],
        committed=list(_past_drivers(project, changed)),
        is_dated=saved is not None,
    )
    return Base(modules=modules, cells=changed.told.cells, driver=_driver(project, changed, remembered))


def _agrees(one: Edited, other: Edited) -> bool:
    """Tell whether two notebooks were built from the same files; those that do not say so were not."""
    return bool(one.told.digests) and one.told == other.told


def _is_newer(project: Project, driver: Sequence[Cell], saved: float | None) -> bool:
    """Tell whether a driver is what it became here only after a notebook was saved."""
    is_later = saved is not None and project.driver.stat().st_mtime > saved
    return is_later and any(script.all_same(driver, here) for here in _cells(project.driver.read_bytes()))


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


def _driver(project: Project, changed: Edited, remembered: Remembered) -> Sequence[Cell] | None:
    """Find the driver: by its digest, else the likest of what is remembered; None where nothing is."""
    here = next(_cells(project.driver.read_bytes()), ())
    exact = here if script.all_same(here, changed.driver) else next(_driver_by_digest(project, changed), None)
    return exact if exact is not None else likest.choose(remembered, changed.driver, here)


def _driver_by_digest(project: Project, changed: Edited) -> Iterator[Sequence[Cell]]:
    """Yield the driver of a notebook that carries it as a file too."""
    told = changed.told.digests.get(changed.told.driver)
    here = project.driver.read_bytes()
    for data in (here, *_past(project)) if told else ():
        if history.digest(data) == told:
            yield from _cells(data)


def _past(project: Project) -> Iterator[bytes]:
    return history.past(project.root, project.configuration.driver)


def _past_drivers(project: Project, changed: Edited) -> Iterator[Sequence[Cell]]:
    """Yield what git remembers: of commits of the same files, else of any."""
    dated = list(history.drivers(project, changed.told.digests)) if changed.told.digests else []
    for data in dated or _past(project):
        yield from _cells(data)


def _cells(data: bytes) -> Iterator[Sequence[Cell]]:
    try:
        yield script.read(data)
    except InvalidProject:
        return
