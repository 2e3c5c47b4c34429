"""What a notebook was built from: the common ancestor of its edits and ours.

A pushed notebook that was recorded, else what the tree gives now, else what git remembers.
"""

import hashlib
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

from kernelwright import notebook
from kernelwright.building import Notebook
from kernelwright.cells import Cell
from kernelwright.errors import InvalidNotebook, InvalidProject
from kernelwright.project import Project
from kernelwright.sync import edited
from kernelwright.sync.edited import Edited
from kernelwright.sync.script import same

RECORDED = ".kernelwright/pushed"
_REVISIONS = 50


@dataclass(frozen=True, kw_only=True)
class Base:
    """The ancestor: the text of each module that was a cell, None where it is not known, and the driver's cells."""

    modules: Mapping[str, str | None]
    driver: Sequence[Cell]


def find(project: Project, built: Notebook, changed: Edited) -> Base:
    """Find what the notebook was built from."""
    now = edited.read(built.data)
    recorded = [told for told in _recorded(project.root) if told.set_up == changed.set_up]
    if recorded:
        modules: Mapping[str, str | None] = dict(_closest_modules(recorded, changed).modules)
    elif now.set_up == changed.set_up:
        modules = dict(now.modules)
    elif changed.digests:
        modules = dict(_by_digest(project, changed, dict(now.modules)))
    else:
        modules = dict(_by_commit(project, built, changed))
    drivers = [told.driver for told in recorded] or [*_past_drivers(project), now.driver]
    return Base(modules=modules, driver=max(drivers, key=lambda cells: _likeness(cells, changed.driver)))


def _recorded(root: Path) -> Iterator[Edited]:
    """Yield the notebooks that pushes recorded, the latest first."""
    for file in sorted((root / RECORDED).glob("*.ipynb"), key=lambda path: path.stat().st_mtime, reverse=True):
        try:
            yield edited.read(file.read_bytes(), file.name)
        except (InvalidNotebook, OSError):
            continue


def _closest_modules(candidates: Sequence[Edited], changed: Edited) -> Edited:
    return max(candidates, key=lambda one: len(set(one.modules) & set(changed.modules)))


def _likeness(cells: Sequence[Cell], others: Sequence[Cell]) -> tuple[int, float]:
    """Tell how alike two drivers are: cells in common, then text in common."""
    common = sum(any(same(cell, other) for other in others) for cell in cells)
    one, two = ("\n".join(cell.source for cell in these).split("\n") for these in (cells, others))
    return common - abs(len(cells) - len(others)), SequenceMatcher(a=one, b=two, autojunk=False).ratio()


def _by_digest(project: Project, changed: Edited, now: Mapping[str, str]) -> Iterator[tuple[str, str | None]]:
    """Yield each module the notebook was built from that is a cell of it or of ours, found by its sha256."""
    for path, digest in changed.digests.items():
        if path in now and _sha256(now[path].encode()) == digest:
            yield path, now[path]
        elif path in now or path in dict(changed.modules):
            yield path, _remembered(project, path, digest)


def _by_commit(project: Project, built: Notebook, changed: Edited) -> Iterator[tuple[str, str | None]]:
    """Yield the modules of a notebook that does not say what it was built from; only what is committed is their base.

    What is not in the notebook may have come later, so that nothing is deleted.
    """
    own = {file.path for file in built.tree.files if not file.origin.startswith("vendor ")}
    now = dict(edited.read(built.data).modules)
    for path, _ in changed.modules:
        if path in now:
            committed = path not in own or _last(project, path) == now[path]
            yield path, now[path] if committed else None


def _last(project: Project, path: str) -> str | None:
    """Return a module's text as it was last committed."""
    data = next(_versions(project, path), None)
    return None if data is None else _text(data)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace").replace("\r\n", "\n")


def _remembered(project: Project, path: str, digest: str) -> str | None:
    return next((_text(data) for data in _versions(project, path) if _sha256(data) == digest), None)


def _versions(project: Project, path: str) -> Iterator[bytes]:
    """Yield what a module was in each commit, the latest first."""
    top, _, rest = path.partition("/")
    for source in project.sources:
        if source.name == top:
            place = (source / rest).relative_to(project.root).as_posix() if rest else source.name
            yield from past(project.root, place)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _past_drivers(project: Project) -> Iterator[Sequence[Cell]]:
    for data in past(project.root, project.configuration.driver):
        try:
            yield cells_of(data)
        except InvalidProject:
            continue


def cells_of(data: bytes) -> tuple[Cell, ...]:
    """Read a driver's bytes; raises `InvalidProject` as `notebook.read_driver` does."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "driver.py")
        file.write_bytes(data)
        return notebook.read_driver(file, "driver")


def past(root: Path, path: str) -> Iterator[bytes]:
    """Yield the contents a file had in each commit that changed it, the latest first; none without git."""
    log = _git(root, "log", f"--max-count={_REVISIONS}", "--format=%H", "--", path)
    for revision in log.decode().split():
        data = _git(root, "show", f"{revision}:./{path}")
        if data:
            yield data


def _git(root: Path, *arguments: str) -> bytes:
    try:
        return subprocess.run(["git", *arguments], cwd=root, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return b""
