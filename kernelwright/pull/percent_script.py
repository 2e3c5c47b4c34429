"""A driver's cells as text, laid out as the driver is here, so that git can merge the two."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from kernelwright.bundle import notebook_io
from kernelwright.bundle.cells import Cell
from kernelwright.errors import InvalidProject
from kernelwright.support import ipython_syntax

# Shebang, coding line and jupytext's header, which belong to no cell.
_HEAD = re.compile(r"(#!.*\n)?(#.*coding[:=].*\n)?(# ---\n(#.*\n)*?# ---\n)?\n*|")
_MARK = re.compile(r"\s*#\s*(?:%%|<codecell>|In\[[ \d]*\])")
_SPLIT = "begins a new cell in a script; split the cell there or reword it"


def read(text: str, *, layout: bool = False) -> tuple[Cell, ...]:
    """Read a driver's text; raises `InvalidProject` as `notebook_io.read_driver` does."""
    return notebook_io.parse_driver(text.encode(), "driver", layout=layout)


def write(cells: Sequence[Cell], here: str) -> str:
    """Return cells as a percent script between the head and the end of the driver's text ``here``.

    A first cell without a mark stays without one.
    """
    head = next(match.group() for match in _HEAD.finditer(here))
    rest = here[len(head) :]
    end = rest[len(rest.rstrip("\n")) :] if rest.strip() else "\n"
    body = notebook_io.write_driver([replace(cell, source=_stripped(cell)) for cell in cells])
    if here and not _MARK.match(rest):
        body = body.removeprefix("# %%\n")
    return head + (body.rstrip("\n") + end if body.strip() else "")


def same(cells: Sequence[Cell], others: Sequence[Cell]) -> bool:
    """Return whether two lists of cells say the same; blank lines at the end of a cell say nothing."""
    return list(map(content, cells)) == list(map(content, others))


def content(cell: Cell) -> tuple[str, str, str]:
    """Return kind, text and metadata of a cell, as far as they are the author's."""
    return cell.kind, _stripped(cell), json.dumps(metadata(cell), sort_keys=True)


def metadata(cell: Cell) -> Mapping[str, Any]:
    """Return a cell's metadata without the mark of a build, jupytext's layout and tags that name nothing."""
    own = {"kernelwright", *notebook_io.LAYOUT, *(() if cell.metadata.get("tags") else ("tags",))}
    return {key: value for key, value in cell.metadata.items() if key not in own}


def _stripped(cell: Cell) -> str:
    is_blank = cell.kind == "code" and not cell.source.strip()
    return "" if is_blank else cell.source.rstrip("\n")


def problem(cell: Cell) -> str:
    """Return what keeps a cell from being written in a percent script, empty where nothing does."""
    try:
        if same(read(write([cell], "")), [cell]):
            return ""
        what = "it cannot be written in a percent script as it is"
    except InvalidProject as error:
        first = error.problems[0]
        line = f"line {first.place - 1}: " if isinstance(first.place, int) else ""  # below the cell's mark
        what = f"{line}{first.message}; {first.fix}"
    lines = cell.source.split("\n") if cell.kind == "code" else []
    marks = set(range(len(lines))).difference(ipython_syntax.within_strings(lines))
    at = next((at for at in sorted(marks) if _MARK.match(lines[at])), None)
    return what if at is None else f"line {at + 1}, `{lines[at].strip()}`, {_SPLIT}"
