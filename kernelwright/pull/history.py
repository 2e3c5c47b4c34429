"""What a project's files were: at pushes that were recorded, at the last build, in git."""

import base64
import contextlib
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from kernelwright.bundle import bootstrap
from kernelwright.bundle.sources import SourceTree
from kernelwright.errors import GitFailed, InvalidNotebook
from kernelwright.project.model import Project
from kernelwright.pull import edited_notebook
from kernelwright.pull.edited_notebook import Edited
from kernelwright.support import git

RECORDED = ".kernelwright/pushed"
_REVISIONS = 50


def recorded(root: Path) -> Iterator[Edited]:
    """Yield the notebooks that pushes recorded, the latest first."""
    for file in sorted((root / RECORDED).glob("*.ipynb"), key=lambda path: path.stat().st_mtime, reverse=True):
        yield from _notebook(file)


def built(project: Project) -> Iterator[Edited]:
    """Yield the notebook of the last build, if it lies there."""
    yield from _notebook(project.notebook)


def _notebook(file: Path) -> Iterator[Edited]:
    try:
        yield edited_notebook.read(file.read_bytes(), file.name)
    except (InvalidNotebook, OSError):
        return


def texts(project: Project, tree: SourceTree, notebooks: Iterable[Edited]) -> Mapping[str, str]:
    """Return sha256 -> text, its line ends as a notebook has them, of every file's content that is at hand."""
    found = {digest(data): text(data) for data in _in_dataset(project)}
    for notebook in notebooks:
        for _, told in notebook.modules:
            found |= {digest(data): text(data) for data in _as_saved(told)}
    return found | {file.sha256: text(file.data) for file in tree.files}


def _as_saved(told: str) -> Iterator[bytes]:
    """Yield the files a cell's text may stand for: an editor takes line feeds at the end, and carriage returns."""
    bare = told.rstrip("\n")
    count = len(told) - len(bare)
    for ends in range(max(0, count - 1), max(4, count + 2)):
        ended = bare + "\n" * ends
        yield ended.encode()
        yield ended.replace("\n", "\r\n").encode()


def _in_dataset(project: Project) -> Iterator[bytes]:
    """Yield the files of the sources' dataset that was built last."""
    try:
        held = json.loads((project.dataset / bootstrap.DATASET_FILE).read_bytes())
        for kind, content in held.values():
            yield base64.b64decode(content) if kind == "base64" else content.encode()
    except (OSError, ValueError, AttributeError, TypeError):
        return


def digest(data: bytes) -> str:
    """Return the sha256 by which a set-up cell knows a file."""
    return hashlib.sha256(data).hexdigest()


def text(data: bytes) -> str:
    """Return a file's text as a notebook has it: with line feeds alone."""
    return data.decode("utf-8", "replace").replace("\r\n", "\n")


def module(project: Project, path: str) -> Iterator[bytes]:
    """Yield what a module was in each commit, the latest first."""
    top, _, rest = path.partition("/")
    for source in project.sources:
        if source.name == top:
            yield from past(project.root, (source / rest).relative_to(project.root).as_posix())


def past(root: Path, path: str) -> Iterator[bytes]:
    """Yield the contents a file had in each commit that changed it, the latest first; none without git."""
    for revision in git.history(root, path, most=_REVISIONS):
        with contextlib.suppress(GitFailed):  # the commit that deleted it
            yield git.run(root, "show", f"{revision}:./{path}")
