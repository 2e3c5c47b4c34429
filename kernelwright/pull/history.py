"""What a project's files were: at pushes that were recorded, at the last build, in git."""

import base64
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import chain
from pathlib import Path

from kernelwright.bundle import bootstrap
from kernelwright.bundle.source_tree import SourceTree
from kernelwright.errors import GitFailed, InvalidNotebook, InvalidProject
from kernelwright.project.model import Project
from kernelwright.pull import edited_notebook, percent_script
from kernelwright.pull.edited_notebook import Driver, EditedNotebook
from kernelwright.support import git, json_text
from kernelwright.support.hashing import sha256

RECORDED = ".kernelwright/pushed"
_REVISIONS = 50


def notebooks(project: Project) -> Iterator[EditedNotebook]:
    """Yield the notebooks that pushes recorded, the latest first, and that of the last build."""
    recorded = (project.root / RECORDED).glob("*.ipynb")
    for file in [*sorted(recorded, key=lambda path: path.stat().st_mtime, reverse=True), project.notebook]:
        with suppress(InvalidNotebook, OSError):
            yield edited_notebook.read(file.read_bytes(), file.name)


def texts(project: Project, tree: SourceTree, notebooks: Iterable[EditedNotebook]) -> Mapping[str, str]:
    """Return sha256 -> text of every file at hand: in notebooks, in the dataset that was built, in the sources."""
    contents = [data for notebook in notebooks for _, text in notebook.modules for data in _as_saved(text)]
    with suppress(OSError, ValueError, AttributeError, TypeError):  # the sources' dataset that was built last
        packed = json_text.parse((project.dataset / bootstrap.DATASET_FILE).read_bytes()).values()
        contents += [base64.b64decode(data) if kind == "base64" else data.encode() for kind, data in packed]
    contents += [file.data for file in tree.files]
    return {sha256(data): decode(data) for data in contents}


def _as_saved(text: str) -> Iterator[bytes]:
    """Yield the files a cell's text may stand for: an editor takes line feeds at the end, and carriage returns."""
    bare = text.rstrip("\n")
    count = len(text) - len(bare)
    for ends in range(max(0, count - 1), max(4, count + 2)):
        ended = bare + "\n" * ends
        yield ended.encode()
        yield ended.replace("\n", "\r\n").encode()


def decode(data: bytes) -> str:
    """Return a file's text as a notebook has it: with line feeds alone."""
    return data.decode("utf-8", "replace").replace("\r\n", "\n")


def drivers(project: Project) -> Iterator[Driver]:
    """Yield the driver as it is here, and as it was in each commit, the latest first."""
    here = project.driver.read_bytes() if project.driver.is_file() else b""
    for data in chain([here], committed(project, project.driver)):
        with suppress(InvalidProject, UnicodeDecodeError):
            yield percent_script.read(data.decode("utf-8-sig"))


def committed(project: Project, file: Path) -> Iterator[bytes]:
    """Yield the contents a file had in each commit that changed it, the latest first; none without git."""
    path = file.relative_to(project.root).as_posix()
    for revision in git.history(project.root, path, most=_REVISIONS):
        with suppress(GitFailed):  # the commit that deleted it
            yield git.run(project.root, "show", f"{revision}:./{path}")
