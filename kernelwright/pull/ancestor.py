"""What a notebook was built from: the common ancestor of its edits and ours."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice

from kernelwright.bundle.build import Notebook
from kernelwright.bundle.cells import driver_digest
from kernelwright.project.model import Project
from kernelwright.pull import history, percent_script, safe_paths
from kernelwright.pull.edited_notebook import Driver, EditedNotebook
from kernelwright.support.hashing import sha256


@dataclass(frozen=True, kw_only=True)
class Ancestor:
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
    driver: Driver | None


def find(project: Project, built: Notebook, edited: EditedNotebook) -> Ancestor:
    """Find what the notebook was built from: what has the digests that its bootstrap cell names.

    It is looked for in the pushes that were recorded, the last build, the sources as they are, and the history of git,
    in that order. A notebook that names none is compared with what is committed.
    """
    digests, notebooks = edited.manifest.digests, list(history.notebooks(project))
    if digests:
        texts = history.texts(project, built.tree, [*notebooks, edited])  # the cells nobody edited have them too
        modules = {path: texts.get(digest) for path, digest in digests.items()}
        for path in edited.manifest.cells | dict(edited.modules).keys():
            if path in modules and modules[path] is None:
                versions = _committed(project, path)
                modules[path] = next((history.decode(data) for data in versions if sha256(data) == digests[path]), None)
    else:
        modules = dict(_modules_as_committed(project, built, edited))
    if edited.manifest.driver:
        drivers = chain((notebook.driver for notebook in notebooks), history.drivers(project))
        driver = next((cells for cells in drivers if driver_digest(cells) == edited.manifest.driver), None)
    else:
        here, *last = islice(history.drivers(project), 2)
        driver = here if any(percent_script.same(here, cells) for cells in last) else None
    return Ancestor(modules=modules, cells=edited.manifest.cells, driver=driver)


def _committed(project: Project, path: str) -> Iterator[bytes]:
    try:
        file = safe_paths.resolve_module_path(project, path)
    except safe_paths.UnsafePath:
        return iter(())
    return history.committed(project, file)


def _modules_as_committed(
    project: Project, built: Notebook, edited: EditedNotebook
) -> Iterator[tuple[str, str | None]]:
    """Yield the modules of a notebook that does not say what it was built from; only what is committed is their base.

    What is not in the notebook may have come later, so that nothing is deleted.
    """
    here = {file.path: file for file in built.tree.files}
    for path, _ in edited.modules:
        if path in here:
            text = history.decode(here[path].data)
            is_vendored = bool(here[path].vendored)
            last = None if is_vendored else next(_committed(project, path), None)
            is_base = is_vendored or (last is not None and history.decode(last) == text)
            yield path, text if is_base else None
