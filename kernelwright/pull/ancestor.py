"""Find the ancestor: the content of each file at the time the notebook was built."""

import base64
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from kernelwright.bundle import bootstrap
from kernelwright.bundle.build import Notebook
from kernelwright.bundle.cells import driver_digest
from kernelwright.bundle.source_tree import SourceTree
from kernelwright.errors import GitFailed, InvalidNotebook, InvalidProject
from kernelwright.project.model import Project
from kernelwright.pull import edited_notebook, percent_script, safe_paths
from kernelwright.pull.edited_notebook import Driver, EditedNotebook
from kernelwright.support import git, json_text
from kernelwright.support.hashing import sha256

RECORDED = ".kernelwright/pushed"
_REVISIONS = 50


@dataclass(frozen=True, kw_only=True)
class Ancestor:
    """The common base of the local files and the edited notebook.

    Attributes
    ----------
    modules : mapping
        Path -> text of each file that the notebook was built from; None if the text is not known.
    cells : frozenset of str
        The files that had a module cell.
    driver : sequence of Cell or None
        The driver's cells; None if they are not known.
    """

    modules: Mapping[str, str | None]
    cells: frozenset[str]
    driver: Driver | None


def find(project: Project, built: Notebook, edited: EditedNotebook) -> Ancestor:
    """Find the files that have the digests in the notebook's bootstrap cell.

    They are looked for in the recorded pushes, the last build, the current sources and the git history, in that order.
    A notebook without digests is compared with what is committed.
    """
    recorded, manifest = _recorded_notebooks(project), edited.manifest
    if manifest.digests:
        texts = _texts(project, built.tree, [*recorded, edited])  # cells that were not edited are their own ancestor
        modules = {path: texts.get(digest) for path, digest in manifest.digests.items()}
        for path in manifest.cells | dict(edited.modules).keys():
            if path in modules and modules[path] is None:
                versions = (data for data in _committed_module(project, path) if sha256(data) == manifest.digests[path])
                modules[path] = next(map(decode, versions), None)
    else:
        modules = dict(_modules_as_committed(project, built, edited))
    drivers = _drivers(project)
    if manifest.driver:
        known = chain((notebook.driver for notebook in recorded), drivers)
        driver = next((cells for cells in known if driver_digest(cells) == manifest.driver), None)
    else:
        # Without a digest, the local driver counts as the ancestor only if it is what was last committed.
        here, *last = islice(drivers, 2)
        driver = here if any(percent_script.same(here, cells) for cells in last) else None
    return Ancestor(modules=modules, cells=manifest.cells, driver=driver)


def decode(data: bytes) -> str:
    """Return a file's text as it is in a notebook, with line feeds only."""
    return data.decode("utf-8", "replace").replace("\r\n", "\n")


def _recorded_notebooks(project: Project) -> list[EditedNotebook]:
    """Return the recorded notebooks of pushes, the latest first, and then the notebook of the last build."""
    files = sorted((project.root / RECORDED).glob("*.ipynb"), key=lambda path: path.stat().st_mtime, reverse=True)
    notebooks = []
    for file in [*files, project.notebook]:
        with suppress(InvalidNotebook, OSError):
            notebooks.append(edited_notebook.read(file.read_bytes(), file.name))
    return notebooks


def _texts(project: Project, tree: SourceTree, notebooks: Sequence[EditedNotebook]) -> Mapping[str, str]:
    """Return sha256 -> text of every file in the sources, the notebooks, and the last dataset of the sources."""
    contents = [file.data for file in tree.files]
    for _, text in chain.from_iterable(notebook.modules for notebook in notebooks):
        # Editors drop line feeds at the end, and carriage returns. Add every file that this text may have been.
        bare = text.rstrip("\n")
        count = len(text) - len(bare)
        for ends in range(max(0, count - 1), max(4, count + 2)):
            ended = bare + "\n" * ends
            contents += [ended.encode(), ended.replace("\n", "\r\n").encode()]
    # The dataset of the last build may be missing or not be ours.
    with suppress(OSError, ValueError, AttributeError, TypeError):
        packed = json_text.parse((project.dataset / bootstrap.DATASET_FILE).read_bytes()).values()
        contents += [base64.b64decode(data) if kind == "base64" else data.encode() for kind, data in packed]
    return {sha256(data): decode(data) for data in contents}


def _drivers(project: Project) -> Iterator[Driver]:
    """Yield the cells of the local driver, and then of each committed version, the latest first."""
    here = project.driver.read_bytes() if project.driver.is_file() else b""
    for data in chain([here], _committed(project, project.driver)):
        with suppress(InvalidProject, UnicodeDecodeError):
            yield percent_script.read(data.decode("utf-8-sig"))


def _committed(project: Project, file: Path) -> Iterator[bytes]:
    """Yield a file's content in each commit that changed it, the latest first; nothing without git."""
    path = file.relative_to(project.root).as_posix()
    for revision in git.history(project.root, path, most=_REVISIONS):
        with suppress(GitFailed):  # the file does not exist in a commit that deleted it
            # "./" makes the path relative to the project, which may be a subfolder of the repository.
            yield git.run(project.root, "show", f"{revision}:./{path}")


def _committed_module(project: Project, path: str) -> Iterator[bytes]:
    with suppress(safe_paths.UnsafePath):
        yield from _committed(project, safe_paths.resolve_module_path(project, path))


def _modules_as_committed(
    project: Project, built: Notebook, edited: EditedNotebook
) -> Iterator[tuple[str, str | None]]:
    """Yield path and ancestor of each module in a notebook without digests.

    A local file is its own ancestor if it is as committed or vendored; otherwise the ancestor is not known. Files that
    the notebook lacks are left out, because they may have been added later and must not be deleted.
    """
    here = {file.path: file for file in built.tree.files}
    for path in [path for path, _ in edited.modules if path in here]:
        text = decode(here[path].data)
        last = None if here[path].vendored else next(_committed_module(project, path), None)
        is_base = here[path].vendored or (last is not None and decode(last) == text)
        yield path, text if is_base else None
