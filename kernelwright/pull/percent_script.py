"""A driver's text, cell by cell: written anew where a cell was edited, kept to the byte where not."""

import json
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

from kernelwright.bundle import notebook_io
from kernelwright.bundle.cells import Cell, commented
from kernelwright.errors import InvalidProject
from kernelwright.support import ipython_syntax

# What jupytext takes for the beginning of a cell.
_MARK = re.compile(r"\s*#\s*(?:%%%*\s.*|(?:%%|<codecell>|In\[[ \d]*\]:?)\s*)$")
_CELL_MAGIC = re.compile(r"%%(\w+)(?: +(.*\S))?[ \t]*$")
_TAGS = re.compile(r" +tags=\[[^\]]*\]")
_UNWRITABLE = "cannot be written in a percent script as it is"


@dataclass(frozen=True, kw_only=True)
class Script:
    """A driver: what stands before its cells, and the text of each, its mark included."""

    head: str
    parts: Sequence[str]
    cells: Sequence[Cell]


def read(data: bytes) -> tuple[Cell, ...]:
    """Read a driver's bytes; raises `InvalidProject` as `notebook.read_driver` does."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "driver.py")
        file.write_bytes(data)
        return notebook_io.read_driver(file, "driver")


def cut(text: str, cells: Sequence[Cell]) -> Script | None:
    """Cut a driver's text into the parts of its cells; None where they cannot be told apart."""
    lines = text.replace("\r\n", "\n").split("\n")
    marks = [index for index, line in enumerate(lines) if _MARK.match(line)]
    inside = ipython_syntax.within_strings(lines)
    starts = [index for index in marks if index not in inside]
    if len(starts) == len(cells) - 1:
        starts = [_unmarked(lines, cells[0]), *starts]
    if len(starts) != len(cells):
        return None
    if not cells:
        return Script(head="\n".join(lines), parts=(), cells=())
    ends = [*starts[1:], len(lines)]
    parts = ["\n".join(lines[a:b]) + ("\n" if b < len(lines) else "") for a, b in zip(starts, ends, strict=True)]
    head = "\n".join(lines[: starts[0]]) + "\n" if starts[0] else ""
    return Script(head=head, parts=parts, cells=cells)


def _unmarked(lines: Sequence[str], first: Cell) -> int:
    """Return the line a cell without a mark begins at: below a header, which is no part of it."""
    said = first.source.split("\n")
    return next((at for at in range(len(lines)) if lines[at : at + len(said)] == said), 0)


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
    return key(one) == key(other) and _tagged_alike(one, other)


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
    own = [_tagged(part, cell, script.cells[at])] if at is not None and _MARK.match(part.partition("\n")[0]) else []
    forms = [form for mark in [*own, _mark(cell)] for form in _forms(cell, mark)]
    after = part[len(part.rstrip("\n")) :]
    return next((form for form in forms if _problem(form, cell) is None), forms[0]) + after


def _tagged(part: str, cell: Cell, before: Cell) -> str:
    """Return the mark a cell had, with its title and whatever else it says, and with the tags it has now."""
    mark = part.partition("\n")[0]
    if _tagged_alike(cell, before):
        return mark
    return f"{_TAGS.sub('', mark)}{_told_tags(cell)}"


def _forms(cell: Cell, mark: str) -> Iterator[str]:
    """Yield the ways to write a cell: as it is; one of another language also in comments, below its name."""
    body = key(cell)[1]
    if cell.kind != "code":
        yield f"{mark}\n{commented(body)}"
        return
    yield f"{mark}\n{body}"
    first, _, rest = body.partition("\n")
    if match := _CELL_MAGIC.match(first):
        told = f" magic_args={json.dumps(match[2], ensure_ascii=False)}" if match[2] else ""
        named = mark if " language=" in mark else f'{mark}{told} language="{match[1]}"'
        yield f"{named}\n{commented(rest)}"


def problem(cell: Cell) -> str:
    """Return what keeps a cell from being written in a percent script, empty where nothing does."""
    problems = [_problem(form, cell) for form in _forms(cell, _mark(cell))]
    return "" if None in problems else str(problems[0])


def _problem(form: str, cell: Cell) -> str | None:
    """Return what keeps a text from being read as the cell it was written from, None where nothing does."""
    try:
        again = read(f"{form}\n".encode())
    except InvalidProject as error:
        place, _, told = str(error.problems[0]).removeprefix("driver:").partition(": ")
        return _mark_within(cell) or f"line {int(place) - 1}: {told}"
    return None if all_same(again, [cell]) else _mark_within(cell) or f"it {_UNWRITABLE}"


def _mark_within(cell: Cell) -> str:
    """Name the line of a code cell at which a script would begin a new one; empty without."""
    lines = cell.source.split("\n") if cell.kind == "code" else []
    inside = ipython_syntax.within_strings(lines)
    marks = (at for at, line in enumerate(lines) if at not in inside and _MARK.match(line))
    found = next((f"line {at + 1}, `{lines[at].strip()}`," for at in marks), "")
    return f"{found} begins a new cell in a script; split the cell there or reword it" if found else ""


def misread(text: str, cells: Sequence[Cell]) -> str:
    """Return what keeps a driver's text from being read as the cells it was written from, empty where nothing does."""
    try:
        again = read(text.encode())
    except InvalidProject as error:
        return str(error.problems[0]).removeprefix("driver:")
    return "" if all_same(again, cells) else f"a cell {_UNWRITABLE}"


def all_same(one: Sequence[Cell], other: Sequence[Cell]) -> bool:
    """Tell whether two lists of cells say the same."""
    return len(one) == len(other) and all(map(same, one, other))


def _mark(cell: Cell) -> str:
    kind = "" if cell.kind == "code" else f" [{cell.kind}]"
    return f"# %%{kind}{_told_tags(cell)}"


def _told_tags(cell: Cell) -> str:
    return f" tags={json.dumps(tags(cell), ensure_ascii=False)}" if tags(cell) else ""


def pair(cells: Sequence[Cell], others: Sequence[Cell]) -> list[int | None]:
    """Return for each cell which of the others it was: by what it says, else by its index, else by its place."""
    found: list[int | None] = [None] * len(cells)
    free = set(range(len(others)))
    matcher = SequenceMatcher(a=[key(cell) for cell in cells], b=[key(cell) for cell in others], autojunk=False)
    for block in matcher.get_matching_blocks():
        for step in range(block.size):
            _take(found, free, block.a + step, block.b + step)
    for index, cell in enumerate(cells):
        twin = next((at for at in sorted(free) if key(others[at]) == key(cell)), None)
        _take(found, free, index, twin)
    for index, cell in enumerate(cells):
        mark = cell.metadata.get("kernelwright")
        at = mark.get("driver") if isinstance(mark, dict) else None
        if isinstance(at, int) and 0 <= at < len(others) and others[at].kind == cell.kind:
            _take(found, free, index, at)
    _by_place(found, free, cells, others)
    return found


def key(cell: Cell) -> tuple[str, str]:
    """Return what a cell says: its kind and its text; code of blanks alone says nothing."""
    is_blank = cell.kind == "code" and not cell.source.strip()
    return cell.kind, "" if is_blank else cell.source.rstrip("\n")


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
