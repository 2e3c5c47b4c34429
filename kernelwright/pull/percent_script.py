"""Write a driver's cells as text with the layout of the local driver, so that git can merge them."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from kernelwright.bundle import notebook_io
from kernelwright.bundle.cells import Cell
from kernelwright.errors import InvalidProject
from kernelwright.support import ipython_syntax

# The shebang, the coding line and jupytext's header, which belong to no cell.
_HEAD = re.compile(r"(#!.*\n)?(#.*coding[:=].*\n)?(# ---\n(#.*\n)*?# ---\n)?\n*|")
_MARK = re.compile(r"\s*#\s*(?:%%|<codecell>|In\[[ \d]*\])")
_SPLIT = "begins a new cell in a script; split the cell there or reword it"


def read(text: str, *, layout: bool = False) -> tuple[Cell, ...]:
    """Return the cells of a driver's text; raises `InvalidProject` as `notebook_io.read_driver` does."""
    return notebook_io.parse_driver(text.encode(), "driver", layout=layout)


def write(cells: Sequence[Cell], here: str) -> str:
    """Return cells as a percent script with the head and the final line feeds of the local driver's text ``here``.

    If the first cell of ``here`` has no cell mark, the result has none there either.
    """
    head = next(match.group() for match in _HEAD.finditer(here))
    rest = here[len(head) :]
    end = rest[len(rest.rstrip("\n")) :] if rest.strip() else "\n"
    body = notebook_io.write_driver([replace(cell, source=_stripped(cell)) for cell in cells])
    if here and not _MARK.match(rest):
        body = body.removeprefix("# %%\n")
    return head + (body.rstrip("\n") + end if body.strip() else "")


def same(cells: Sequence[Cell], others: Sequence[Cell]) -> bool:
    """Return True if two lists of cells have the same content, ignoring blank lines at the end of a cell."""
    return list(map(content, cells)) == list(map(content, others))


def content(cell: Cell) -> tuple[str, str, str]:
    """Return kind, text and metadata of a cell, without what the author did not write."""
    return cell.kind, _stripped(cell), json.dumps(metadata(cell), sort_keys=True)


def metadata(cell: Cell) -> Mapping[str, Any]:
    """Return a cell's metadata without the build's mark, jupytext's layout, and empty tags."""
    own = {"kernelwright", *notebook_io.LAYOUT, *(() if cell.metadata.get("tags") else ("tags",))}
    return {key: value for key, value in cell.metadata.items() if key not in own}


def _stripped(cell: Cell) -> str:
    is_blank = cell.kind == "code" and not cell.source.strip()
    return "" if is_blank else cell.source.rstrip("\n")


def problem(cell: Cell) -> str:
    """Return why a cell cannot be written in a percent script; empty if it can."""
    try:
        if same(read(write([cell], "")), [cell]):
            return ""
        what = "it cannot be written in a percent script as it is"
    except InvalidProject as error:
        first = error.problems[0]
        line = f"line {first.place - 1}: " if isinstance(first.place, int) else ""  # line 1 is the cell mark
        what = f"{line}{first.message}; {first.fix}"
    lines = cell.source.split("\n") if cell.kind == "code" else []
    marks = set(range(len(lines))).difference(ipython_syntax.within_strings(lines))
    at = next((at for at in sorted(marks) if _MARK.match(lines[at])), None)
    return what if at is None else f"line {at + 1}, `{lines[at].strip()}`, {_SPLIT}"
