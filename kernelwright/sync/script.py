"""A driver's text, cell by cell: written anew where a cell was edited, kept to the byte where not."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from kernelwright import magics
from kernelwright.cells import Cell

_MARK = re.compile(r"#\s*%%+(\s|$)|# <codecell>|# In\[[ \d]*\]:?")


@dataclass(frozen=True, kw_only=True)
class Script:
    """A driver: what stands before its cells, and the text of each, its mark included."""

    head: str
    parts: Sequence[str]
    cells: Sequence[Cell]


def cut(text: str, cells: Sequence[Cell]) -> Script | None:
    """Cut a driver's text into the parts of its cells; None where they cannot be told apart."""
    lines = text.replace("\r\n", "\n").split("\n")
    marks = [index for index, line in enumerate(lines) if _MARK.match(line)]
    inside = set(magics.within_strings(lines))
    starts = [index for index in marks if index not in inside]
    if len(starts) == len(cells) - 1:
        starts = [0, *starts]
    if len(starts) != len(cells):
        return None
    ends = [*starts[1:], len(lines)]
    parts = ["\n".join(lines[a:b]) + ("\n" if b < len(lines) else "") for a, b in zip(starts, ends, strict=True)]
    head = "\n".join(lines[: starts[0]]) + "\n" if starts and starts[0] else ""
    return Script(head=head, parts=parts, cells=cells)


def written(script: Script, cells: Sequence[Cell]) -> str:
    """Return the driver's text with ``cells`` in place of its own; a cell it has keeps its bytes."""
    texts = []
    for index, (cell, at) in enumerate(zip(cells, pair(cells, script.cells), strict=True)):
        kept = at is not None and same(cell, script.cells[at])
        text = script.parts[at] if kept and at is not None else _text(cell, script, at)
        texts.append(_spaced(text, last=index == len(cells) - 1, was_last=at == len(script.cells) - 1))
    return script.head + "".join(texts)


def _spaced(part: str, *, last: bool, was_last: bool) -> str:
    """Part a cell from the next one where the two did not meet before, and end the file with one line feed."""
    if last == was_last:
        return part
    return part.rstrip("\n") + ("\n" if last else "\n\n")


def same(one: Cell, other: Cell) -> bool:
    """Tell whether two cells say the same; blank lines at the end say nothing."""
    return _key(one) == _key(other) and _tagged_alike(one, other)


def _tagged_alike(one: Cell, other: Cell) -> bool:
    """Tell whether two cells have the same tags; those that an editor lost may be any."""
    unknown = any(cell.metadata.get("tags", ()) is None for cell in (one, other))
    return unknown or tags(one) == tags(other)


def tags(cell: Cell) -> list[str]:
    """Return a cell's tags."""
    told = cell.metadata.get("tags")
    return [str(tag) for tag in told] if isinstance(told, list) else []


def _text(cell: Cell, script: Script, at: int | None) -> str:
    part = script.parts[at] if at is not None else "\n\n"
    mark = part.partition("\n")[0]
    kept = at is not None and _MARK.match(mark) and _alike(cell, script.cells[at])
    body = cell.source.rstrip("\n")
    if cell.kind != "code":
        body = "\n".join(f"# {line}" if line else "#" for line in body.split("\n"))
    after = part[len(part.rstrip("\n")) :] or "\n"
    return f"{mark if kept else _mark(cell)}\n{body}{after}"


def _alike(one: Cell, other: Cell) -> bool:
    return one.kind == other.kind and _tagged_alike(one, other)


def _mark(cell: Cell) -> str:
    kind = "" if cell.kind == "code" else f" [{cell.kind}]"
    told = f" tags={json.dumps(tags(cell), ensure_ascii=False)}" if tags(cell) else ""
    return f"# %%{kind}{told}"


def pair(cells: Sequence[Cell], others: Sequence[Cell]) -> list[int | None]:
    """Return for each cell which of the others it was: by what it says, else by its index, else by its place."""
    found: list[int | None] = [None] * len(cells)
    free = set(range(len(others)))
    matcher = SequenceMatcher(a=[_key(cell) for cell in cells], b=[_key(cell) for cell in others], autojunk=False)
    for block in matcher.get_matching_blocks():
        for step in range(block.size):
            _take(found, free, block.a + step, block.b + step)
    for index, cell in enumerate(cells):
        twin = next((at for at in sorted(free) if _key(others[at]) == _key(cell)), None)
        _take(found, free, index, twin)
    for index, cell in enumerate(cells):
        mark = cell.metadata.get("kernelwright")
        at = mark.get("driver") if isinstance(mark, dict) else None
        if isinstance(at, int) and 0 <= at < len(others) and others[at].kind == cell.kind:
            _take(found, free, index, at)
    _by_place(found, free, cells, others)
    return found


def _key(cell: Cell) -> tuple[str, str]:
    return cell.kind, cell.source.rstrip("\n")


def _take(found: list[int | None], free: set[int], index: int, at: int | None) -> None:
    if at is not None and at in free and found[index] is None:
        found[index] = at
        free.discard(at)


def _by_place(found: list[int | None], free: set[int], cells: Sequence[Cell], others: Sequence[Cell]) -> None:
    """Pair what is left between the same neighbours, where it is alike at all."""
    for index, cell in enumerate(cells):
        if found[index] is None:
            after = found[index - 1] if index else -1
            at = after + 1 if after is not None else None
            near = at in free and at is not None and others[at].kind == cell.kind
            if near and at is not None and SequenceMatcher(a=cell.source, b=others[at].source).ratio() > 0.4:
                _take(found, free, index, at)
