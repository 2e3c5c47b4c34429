"""Which of the drivers that are remembered a notebook was built from.

What is here now is the doubtful one: were it taken for the ancestor of an older notebook, whatever was done here since
would be taken back.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from kernelwright.cells import Cell
from kernelwright.sync import script

Driver = Sequence[Cell]


@dataclass(frozen=True, kw_only=True)
class Remembered:
    """The drivers that a notebook may have been built from.

    Attributes
    ----------
    pushed, built, committed : sequence of sequence of Cell
        Those that a push recorded, of the last build, and of git.
    is_dated : bool
        Whether the notebook is known to have been saved after the last build's driver was.
    """

    pushed: Sequence[Driver]
    built: Sequence[Driver]
    committed: Sequence[Driver]
    is_dated: bool


def choose(remembered: Remembered, there: Driver, here: Driver) -> Driver | None:
    """Choose the driver a notebook was built from; None where nothing is remembered, or nothing that can be trusted."""
    if remembered.pushed:
        return _best(remembered.pushed, there, here)
    candidates = [*remembered.built, *remembered.committed]
    others = [one for one in candidates if not script.all_same(one, here)]
    kept = [one for one in others if not any(_takes_back(there, one, before) for before in others)]
    other = _best(kept or others, there, here)
    if other is None:
        return here if candidates and (_is_vouched_for(remembered, here) or not _loses(there, here)) else None
    if lines(other) & lines(there):
        return here if _is_meant(remembered, there, here, other) else other
    return here if lines(here) & lines(there) else _best([here, other], there, here)


def _is_meant(remembered: Remembered, there: Driver, here: Driver, other: Driver) -> bool:
    """Tell whether a notebook is of what is here, and not of ``other``: git has it too, so that nothing can be lost."""
    is_committed, is_built = (_holds(drivers, here) for drivers in (remembered.committed, remembered.built))
    ours, theirs = (likeness(cells, there) for cells in (here, other))
    is_likelier = ours > theirs or (ours == theirs and is_built and remembered.is_dated)
    return is_committed and is_likelier and not _takes_back(there, here, other)


def _is_vouched_for(remembered: Remembered, here: Driver) -> bool:
    """Tell whether git has what is here, or the notebook was saved after it was built."""
    return _holds(remembered.committed, here) or (remembered.is_dated and _holds(remembered.built, here))


def _holds(drivers: Sequence[Driver], here: Driver) -> bool:
    return any(script.all_same(one, here) for one in drivers)


def _loses(there: Driver, here: Driver) -> bool:
    """Tell whether a notebook lacks lines that are here."""
    return any(old for old, _ in _edits(there, here))


def _takes_back(there: Driver, here: Driver, before: Driver) -> bool:
    """Tell whether a notebook has, instead of what came here since ``before``, what was there then."""
    known = lines(before)
    return any({*old} - known and {*new} <= known for old, new in _edits(there, here))


def _edits(there: Driver, here: Driver) -> Iterator[tuple[list[str], list[str]]]:
    """Yield the lines that are here, and those in their place in the notebook."""
    one, two = (_text(cells) for cells in (here, there))
    for what, a, b, c, d in SequenceMatcher(a=one, b=two, autojunk=False).get_opcodes():
        if what != "equal":
            yield [line for line in one[a:b] if line.strip()], [line for line in two[c:d] if line.strip()]


def _best(candidates: Sequence[Driver], there: Driver, here: Driver) -> Driver | None:
    is_tagless = any(cell.metadata.get("tags", ()) is None for cell in there)
    told = [_with_tags(cells, here) for cells in candidates] if is_tagless else candidates
    return max(told, key=lambda cells: likeness(cells, there), default=None)


def _with_tags(cells: Driver, here: Driver) -> Driver:
    """Return what is here, tags and all, for a version that says the same."""
    return here if [script.key(cell) for cell in cells] == [script.key(cell) for cell in here] else cells


def lines(cells: Driver) -> set[str]:
    """Return the lines of a driver that say something."""
    return {line for line in _text(cells) if line.strip()}


def _text(cells: Driver) -> list[str]:
    return "\n".join(cell.source for cell in cells).split("\n")


def likeness(cells: Driver, others: Driver) -> tuple[int, float]:
    """Tell how alike two drivers are: cells in common, then text in common."""
    common = sum(any(script.same(cell, other) for other in others) for cell in cells)
    matcher = SequenceMatcher(a=_text(cells), b=_text(others), autojunk=False)
    return common - abs(len(cells) - len(others)), matcher.ratio()
