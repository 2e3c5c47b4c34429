"""What an edited notebook would change, file by file; `carry_out` does it."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from kernelwright import files
from kernelwright.building import Notebook, build_notebook
from kernelwright.cells import Cell
from kernelwright.errors import InvalidProject
from kernelwright.project import Project
from kernelwright.sync import base, edited, kept, merge, places, script
from kernelwright.sync.base import Base
from kernelwright.sync.edited import Edited

Action = Literal["write", "delete", "conflict", "refuse", "note"]
CONFLICTS = "build/conflicts"


@dataclass(frozen=True, kw_only=True)
class Change:
    """What becomes of one file.

    Attributes
    ----------
    action : str
        Written, deleted, left for the author to merge, refused, or only noted.
    place : str
        The file, relative to the project.
    what : str
        What was done to it in the notebook: ``edited``, ``added``, ``deleted``, ``merged``, or why it is refused.
    before, after : bytes or None
        Its content here, and what it would be; None for no file.
    """

    action: Action
    place: str
    what: str
    before: bytes | None = None
    after: bytes | None = None

    @property
    def diff(self) -> str:
        """The change as a unified diff, empty where nothing is written."""
        old, new = (_lines(data) for data in (self.before, self.after))
        shown = difflib.unified_diff(old, new, f"a/{self.place}", f"b/{self.place}", lineterm="")
        return "\n".join(line.rstrip("\r\n") for line in shown) if self.action != "refuse" else ""


def _lines(data: bytes | None) -> list[str]:
    return (data or b"").decode("utf-8", "replace").splitlines(keepends=True)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """All changes, modules first; ``clean`` tells whether every edit can be taken."""

    changes: Sequence[Change] = field(default_factory=tuple)

    @property
    def clean(self) -> bool:
        """Whether nothing is in conflict or refused."""
        return not any(change.action in {"conflict", "refuse"} for change in self.changes)


def make(project: Project, data: bytes, name: str = "the notebook") -> Plan:
    """Compare an edited notebook with the project; nothing is written.

    Raises
    ------
    InvalidNotebook, InvalidProject
        One of the two cannot be read.
    """
    changed = edited.read(data, name)
    if not (changed.modules or changed.set_up):
        what = "has neither a set-up cell nor a %%module cell: it was not built from this project"
        return Plan(changes=[Change(action="refuse", place=name, what=what)])
    built = build_notebook(project)
    ancestor = base.find(project, built, changed)
    found = [*_set_up(built, changed), *_modules(project, built, changed, ancestor)]
    return Plan(changes=[*found, *_driver(project, changed, ancestor)])


def _set_up(built: Notebook, changed: Edited) -> Iterator[Change]:
    own = edited.read(built.data)
    if not changed.set_up:
        yield Change(action="note", place="set-up cell", what="missing; it is generated")
    elif changed.set_up != own.set_up and changed.digests == own.digests:
        yield Change(action="note", place="set-up cell", what="edited, but it is generated: not taken")
    seen: set[str] = set()
    for path, _ in changed.modules:
        if path in seen:
            yield Change(action="note", place=path, what="two cells write it; the last one counts, as when it is run")
        seen.add(path)


def _modules(project: Project, built: Notebook, changed: Edited, ancestor: Base) -> Iterator[Change]:
    there = dict(changed.modules)
    if ancestor.modules and not there:
        what = "no %%module cell is left; deleting them all is not taken from a notebook"
        yield Change(action="refuse", place="modules", what=what)
        return
    vendored = {file.path for file in built.tree.files if file.origin.startswith("vendor ")}
    for path in sorted({*there, *ancestor.modules}):
        known = path in ancestor.modules
        if not known or ancestor.modules[path] != there.get(path):
            yield from _module(project, path, there.get(path), ancestor, vendored)


def _module(project: Project, path: str, there: str | None, ancestor: Base, vendored: set[str]) -> Iterator[Change]:
    try:
        file = places.target(project, path, vendored)
    except places.Outside as outside:
        yield Change(action="refuse", place=path, what=str(outside))
        return
    here = file.read_bytes() if file.is_file() else None
    place = file.relative_to(project.root).as_posix()
    yield from _three(place, here, ancestor.modules.get(path), there, known=path in ancestor.modules)


def _three(
    place: str, here: bytes | None, base_text: str | None, there: str | None, *, known: bool
) -> Iterator[Change]:
    """Decide on one file from its three versions, of which each may be absent."""
    unchanged_here = base_text is not None and here is not None and kept.same(base_text, here)
    if there is None:
        yield from _deleted(place, here, unchanged=unchanged_here)
    elif here is None:
        action: Action = "conflict" if known else "write"
        what = "edited in the notebook, deleted here" if known else "added"
        yield Change(action=action, place=place, what=what, after=there.encode())
    elif kept.same(there, here):
        return
    elif unchanged_here:
        yield Change(action="write", place=place, what="edited", before=here, after=kept.restored(there, here))
    else:
        merged = _merged(place, here, base_text, there)
        if merged.action == "conflict" or merged.after != here:
            yield merged


def _deleted(place: str, here: bytes | None, *, unchanged: bool) -> Iterator[Change]:
    if here is not None and unchanged:
        yield Change(action="delete", place=place, what="deleted", before=here)
    elif here is not None:
        yield Change(
            action="conflict", place=place, what="deleted in the notebook, changed here", before=here, after=here
        )


def _merged(place: str, here: bytes, base_text: str | None, there: str) -> Change:
    """Merge; without a known ancestor, every difference is a conflict."""
    try:
        there_bytes = kept.restored(there, here)
        base_bytes = kept.restored(base_text, here) if base_text is not None else b""
    except UnicodeDecodeError:
        return Change(action="conflict", place=place, what="is no text here", before=here, after=there.encode())
    done = merge.merge(here, base_bytes, there_bytes)
    if done.clean:
        return Change(action="write", place=place, what="merged", before=here, after=done.data)
    what = "changed in the notebook and here" if base_text is not None else "changed, and its ancestor is not known"
    return Change(action="conflict", place=place, what=what, before=here, after=done.data)


def _driver(project: Project, changed: Edited, ancestor: Base) -> Iterator[Change]:
    """Decide on the driver: its three versions as texts that differ in edited cells alone."""
    place, here = project.configuration.driver, project.driver.read_bytes()
    if _all_same(changed.driver, ancestor.driver):
        return
    try:
        places.walk(project.root, project.driver)
    except places.Outside as outside:
        yield Change(action="refuse", place=place, what=str(outside))
        return
    own = script.cut(here.decode("utf-8-sig"), base.cells_of(here))
    if own is None:
        yield Change(action="refuse", place=place, what="its cells cannot be told apart; take the edits by hand")
        return
    there = script.written(own, changed.driver)
    if problem := _misread(there, changed.driver):
        yield Change(action="conflict", place=place, what=problem, before=here, after=there.encode())
        return
    ends = here.removeprefix(b"\xef\xbb\xbf")
    for change in _three(place, ends, script.written(own, ancestor.driver), there, known=True):
        yield _with_mark(change, here, told=describe(changed.driver, ancestor.driver))


def _all_same(one: Sequence[Cell], other: Sequence[Cell]) -> bool:
    return len(one) == len(other) and all(map(script.same, one, other))


def _misread(text: str, cells: Sequence[Cell]) -> str:
    """Return what keeps a driver's text from being read as the cells it was written from."""
    try:
        again = base.cells_of(text.encode())
    except InvalidProject as error:
        return error.problems[0].removeprefix("driver:")
    return "" if _all_same(again, cells) else "a cell cannot be written in a percent script as it is"


def _with_mark(change: Change, here: bytes, told: str) -> Change:
    """Put a byte order mark back in front, and say what was done to the cells."""
    mark = b"\xef\xbb\xbf" if here.startswith(b"\xef\xbb\xbf") else b""
    after = mark + change.after if change.after is not None else None
    what = f"{change.what}: {told}" if told else change.what
    return Change(action=change.action, place=change.place, what=what, before=here, after=after)


def describe(cells: Sequence[Cell], before: Sequence[Cell]) -> str:
    """Name what was done to a driver's cells, counted from 1: edited, added, moved, deleted."""
    pairs = script.pair(cells, before)
    known = [(cell, at) for cell, at in zip(cells, pairs, strict=True) if at is not None]
    kept_order = _longest_rise([at for _, at in known])
    told: Mapping[str, list[int]] = {
        "edited": [at + 1 for cell, at in known if not script.same(cell, before[at])],
        "added": [index + 1 for index, at in enumerate(pairs) if at is None],
        "moved": [at + 1 for _, at in known if at not in kept_order],
        "deleted": [at + 1 for at in range(len(before)) if at not in pairs],
    }
    named = [f"cell {', '.join(map(str, which))} {what}" for what, which in told.items() if which]
    return "; ".join(named)


def _longest_rise(values: Sequence[int]) -> set[int]:
    """Return a longest rising subsequence: what did not move."""
    best: list[list[int]] = [[]]
    for value in values:
        below = [run for run in best if not run or run[-1] < value]
        best.append([*max(below, key=len), value])
    longest = max(best, key=len)
    return set(longest)


def carry_out(project: Project, plan: Plan) -> None:
    """Write and delete what the plan says; what is in conflict goes to `CONFLICTS`, and nothing is overwritten."""
    for change in plan.changes:
        file = project.root / change.place
        if change.action == "write" and change.after is not None:
            mode = file.stat().st_mode if file.exists() else 0o644
            files.replace(file, change.after)
            file.chmod(mode & 0o777)
        elif change.action == "delete":
            file.unlink()
        elif change.action == "conflict" and change.after is not None:
            files.replace(project.root / CONFLICTS / change.place, change.after)


def conflict_file(change: Change) -> Path:
    """Return where a conflict is left, relative to the project."""
    return Path(CONFLICTS, change.place)
