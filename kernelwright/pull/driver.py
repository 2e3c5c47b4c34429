"""What an edited notebook changes in the driver: its three versions are texts that differ in edited cells alone."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from kernelwright.bundle.cells import Cell
from kernelwright.project.model import Project
from kernelwright.pull import merge, module_cells, percent_script, safe_paths
from kernelwright.pull.ancestor import Base
from kernelwright.pull.changes import Change
from kernelwright.pull.edited_notebook import Edited
from kernelwright.pull.percent_script import Script

_LONGEST_RUN = 3  # of which each number is named
_MOST_NAMED = 20
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, kw_only=True)
class _Taken:
    """A driver's cells of which each can be written, and what is said of those that cannot."""

    cells: Sequence[Cell]
    problems: Sequence[str]


def changes(project: Project, changed: Edited, ancestor: Base) -> Iterator[Change]:
    """Yield what becomes of the driver, and each of its cells that stays in the notebook."""
    if ancestor.driver is not None and percent_script.all_same(changed.driver, ancestor.driver):
        return
    place, here = project.configuration.driver, project.driver.read_bytes()
    try:
        safe_paths.walk(project.root, project.driver)
    except safe_paths.Outside as outside:
        yield Change(action="refuse", place=place, what=str(outside))
        return
    own = percent_script.cut(here.decode("utf-8-sig"), percent_script.read(here))
    if own is None:
        yield Change(action="refuse", place=place, what="its cells cannot be told apart; take the edits by hand")
        return
    taken = _taken(changed, own.cells if ancestor.driver is None else ancestor.driver)
    yield from (Change(action="conflict", place=place, what=what, before=here) for what in taken.problems)
    yield from _decided(place, here, own, taken.cells, ancestor.driver)


def _taken(changed: Edited, before: Sequence[Cell]) -> _Taken:
    """Leave out what a script cannot hold: a cell that was there stays as it was."""
    cells, problems = [], []
    pairs = percent_script.pair([module_cells.split(cell)[0] for cell in changed.driver], before)
    for number, cell, at in zip(changed.numbers, changed.driver, pairs, strict=True):
        old = before[at] if at is not None else None
        what = "" if old and percent_script.same(cell, old) else _problem(cell)
        if what:
            problems.append(f"cell {number} of the notebook, {module_cells.named(cell)}, is left there: {what}")
        cells += [cell] if not what else [old] if old else []
    return _Taken(cells=cells, problems=problems)


def _problem(cell: Cell) -> str:
    if line := module_cells.split(cell)[1]:
        return f"it holds the line `{line}`, which works at the top of a cell alone; split it there"
    return percent_script.problem(cell)


def _decided(
    place: str, here: bytes, own: Script, cells: Sequence[Cell], before: Sequence[Cell] | None
) -> Iterator[Change]:
    if before is not None and percent_script.all_same(cells, before):
        return
    there = percent_script.written(own, cells)
    if problem := percent_script.misread(there, cells):
        yield Change(action="conflict", place=place, what=problem, before=here, after=there.encode())
        return
    base_text = None if before is None else percent_script.written(own, before)
    told = "" if before is None else describe(cells, before)
    for change in merge.decide(place, here.removeprefix(_BYTE_ORDER_MARK), base_text, there, known=True):
        yield _with_mark(change, here, told)


def _with_mark(change: Change, here: bytes, told: str) -> Change:
    """Put a byte order mark back in front, and say what was done to the cells."""
    mark = _BYTE_ORDER_MARK if here.startswith(_BYTE_ORDER_MARK) else b""
    after = mark + change.after if change.after is not None else None
    what = f"{change.what}: {told}" if told else change.what
    return Change(action=change.action, place=change.place, what=what, before=here, after=after)


def describe(cells: Sequence[Cell], before: Sequence[Cell]) -> str:
    """Name what was done to a driver's cells, counted from 1: edited, added, moved, deleted."""
    pairs = percent_script.pair(cells, before)
    known = [(cell, at) for cell, at in zip(cells, pairs, strict=True) if at is not None]
    kept_order = _longest_rise([at for _, at in known])
    told: Mapping[str, list[int]] = {
        "edited": [at + 1 for cell, at in known if not percent_script.same(cell, before[at])],
        "added": [index + 1 for index, at in enumerate(pairs) if at is None],
        "moved": [at + 1 for _, at in known if at not in kept_order],
        "deleted": [at + 1 for at in range(len(before)) if at not in pairs],
    }
    return "; ".join(f"{_numbered(which)} {what}" for what, which in told.items() if which)


def _numbered(which: Sequence[int]) -> str:
    """Name cells by their numbers: a long run by its ends, and the last of many by how many they are."""
    runs: list[list[int]] = []
    for number in which:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    parts = [part for run in runs for part in _run(run)]
    more = f" and {len(parts) - _MOST_NAMED} more places" if len(parts) > _MOST_NAMED else ""
    called = "cells" if any(len(run) > _LONGEST_RUN for run in runs) else "cell"
    return f"{called} {', '.join(parts[:_MOST_NAMED])}{more}"


def _run(run: Sequence[int]) -> list[str]:
    return [f"{run[0]} to {run[-1]}"] if len(run) > _LONGEST_RUN else [str(number) for number in run]


def _longest_rise(values: Sequence[int]) -> set[int]:
    """Return a longest rising subsequence: what did not move."""
    best: list[list[int]] = [[]]
    for value in values:
        below = [run for run in best if not run or run[-1] < value]
        best.append([*max(below, key=len), value])
    longest = max(best, key=len)
    return set(longest)
