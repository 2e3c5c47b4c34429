"""What an edited notebook changes in the modules it was built from."""

import posixpath
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from kernelwright.bundle.build import Notebook
from kernelwright.project.model import Project
from kernelwright.pull import history, line_endings, merge, safe_paths
from kernelwright.pull.ancestor import Base
from kernelwright.pull.changes import Change
from kernelwright.pull.edited_notebook import Edited


@dataclass(frozen=True, kw_only=True)
class _Side:
    """Two sides of each module: as built, and in the notebook; ``vendored`` ones are no sources."""

    ancestor: Base
    there: dict[str, str]
    vendored: Collection[str]


def changes(project: Project, built: Notebook, changed: Edited, ancestor: Base) -> Iterator[Change]:
    """Yield what becomes of each module."""
    there = dict(changed.modules)
    misplaced = {one.path for one in changed.misplaced}
    for one in changed.misplaced:
        yield Change(action="refuse", place=one.path, what=one.what)
    if ancestor.cells - misplaced and not there:
        what = "no %%module cell is left; deleting them all is not taken from a notebook"
        yield Change(action="refuse", place="modules", what=what)
        return
    vendored = {file.path for file in built.tree.files if file.origin.startswith("vendor ")}
    side = _Side(ancestor=ancestor, there=_ended(there, ancestor), vendored=vendored)
    spelt_oddly = {posixpath.normpath(path) for path in there}  # refused as it is, and no sign that it is to go
    for path in sorted({*there, *(ancestor.cells - spelt_oddly)} - misplaced):
        if path not in ancestor.modules or ancestor.modules[path] != side.there.get(path):
            yield from _module(project, path, side)


def _ended(there: dict[str, str], ancestor: Base) -> dict[str, str]:
    """Give each module its end back, and one that was added the line feed that others have lost."""
    known = {path: text for path, text in ancestor.modules.items() if text is not None and path in there}
    ended = {path: line_endings.ended(there[path], text) for path, text in known.items()}
    is_cut = any(len(text) > len(there[path]) for path, text in ended.items())
    added = {
        path: f"{text}\n" for path, text in there.items() if path not in ancestor.modules and line_endings.is_cut(text)
    }
    return there | ended | (added if is_cut else {})


def _module(project: Project, path: str, side: _Side) -> Iterator[Change]:
    try:
        file = safe_paths.target(project, path, side.vendored)
    except safe_paths.Outside as outside:
        yield Change(action="refuse", place=path or "%%module", what=str(outside))
        return
    here = file.read_bytes() if file.is_file() else None
    base_text, there = side.ancestor.modules.get(path), side.there.get(path)
    if there is not None and base_text is None and here is not None:
        there = line_endings.ended(there, history.text(here))
    place = file.relative_to(project.root).as_posix()
    yield from merge.decide(place, here, base_text, there, known=path in side.ancestor.modules)
