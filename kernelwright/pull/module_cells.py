"""Module cells, and those that no longer are: turned into Markdown, or below another line.

A cell magic works on the first line of a code cell alone. A cell that holds a ``%%module`` line elsewhere is an error
when it is run, and no sign that its module is to go.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kernelwright.bundle.cells import Cell
from kernelwright.support import ipython_syntax

_MAGIC = re.compile(r"%%module(?:[ \t]+(.*))?$")
_LINE = re.compile(r"^[# \t]*%%module[ \t]+(\S.*?)[ \t]*$", re.MULTILINE)
_PYTHON = re.compile(r"%%(module|time|timeit|capture|prun)\b")
_WRITEFILE = re.compile(r"%%writefile[ \t]+(\S.*?)[ \t]*(?:\n|$)")
_HEADING = "### `"
_LONGEST_NAME = 60
_KINDS = {"markdown": "Markdown", "raw": "raw text"}


@dataclass(frozen=True, kw_only=True)
class Misplaced:
    """A module whose cell is there but does not write it; ``what`` says why, and the fix."""

    path: str
    what: str


def mark(cell: Cell) -> Mapping[str, Any]:
    """Return what a build noted in a cell's metadata, as far as an editor kept it."""
    known = cell.metadata.get("kernelwright")
    return known if isinstance(known, dict) else {}


def is_module(cell: Cell) -> bool:
    """Tell whether a cell writes a module when it is run."""
    return cell.kind == "code" and _MAGIC.match(_parts(cell)[0]) is not None


def module(cell: Cell) -> tuple[str, str]:
    """Return the path and the text of a module cell."""
    first, text = _parts(cell)
    match = _MAGIC.match(first)
    return (match[1] or "").strip() if match else "", text


def _parts(cell: Cell) -> tuple[str, str]:
    first, _, text = cell.source.lstrip("\n").partition("\n")
    return first, text


def found(number: int, cell: Cell, gone: Collection[str]) -> list[Misplaced]:
    """Find the modules a cell stands for without writing them.

    Parameters
    ----------
    number : int
        The cell's place in the notebook.
    cell : Cell
        The cell.
    gone : collection of str
        Modules that were cells, and are no more.
    """
    called = f"cell {number} of the notebook, {named(cell)},"
    return [Misplaced(path=path, what=f"{called} {what}") for path, what in dict(_found(cell, gone)).items()]


def _found(cell: Cell, gone: Collection[str]) -> Iterator[tuple[str, str]]:
    if is_module(cell):
        own, text = module(cell)
        for path in [path for _, path in _live(text) if path in gone][:1]:
            yield from dict.fromkeys((own, path), f"holds the line `%%module {path}` too; split it there").items()
        return
    held = dict.fromkeys([*_first(cell), *(path for path in _LINE.findall(cell.source) if path in gone)])
    for path in held:
        if cell.kind == "code":
            yield path, f"writes a module only if it begins so; move the line `%%module {path}` to its top"
        else:
            yield path, f"is {_KINDS[cell.kind]}; make it a code cell again"
    written = _WRITEFILE.match(cell.source.lstrip())
    path = written[1] if written else str(mark(cell).get("file"))
    if path in gone and path not in held and not cell.source.startswith(_HEADING):
        yield path, f"was a module's; write the line `%%module {path}` at its top again, or delete it"


def _first(cell: Cell) -> Iterator[str]:
    """Yield the path of a ``%%module`` line with nothing but comments above it, or at the top of what is no code."""
    at, path = _line(cell)
    if path is not None and not _says(cell, at):
        yield path
    elif cell.kind != "code" and (top := _MAGIC.match(cell.source.lstrip().partition("\n")[0])):
        yield (top[1] or "").strip()


def _line(cell: Cell) -> tuple[int, str | None]:
    """Return index and path of the first ``%%module`` line of a code cell that is one to IPython; None without."""
    return next(_live(cell.source), (0, None)) if cell.kind == "code" else (0, None)


def _live(source: str) -> Iterator[tuple[int, str]]:
    top = source.lstrip()
    if top.startswith("%%") and not _PYTHON.match(top):  # text of another magic
        return
    lines = source.split("\n")
    found = [(index, match) for index, line in enumerate(lines) if (match := _MAGIC.match(line.strip()))]
    inside = ipython_syntax.within_strings(lines) if found else set()
    yield from ((index, (match[1] or "").strip()) for index, match in found if index not in inside)


def _says(cell: Cell, end: int) -> bool:
    """Tell whether a cell says something above a line, more than comments."""
    return any(line.strip() and not line.lstrip().startswith("#") for line in cell.source.split("\n")[:end])


def is_drivers(cell: Cell) -> bool:
    """Tell whether a cell that holds a ``%%module`` line is, above it, one of the driver's."""
    known = mark(cell)
    return "driver" in known or ("file" not in known and _says(cell, _line(cell)[0]))


def split(cell: Cell) -> tuple[Cell, str]:
    """Return what a driver's cell says above a ``%%module`` line, and that line; empty where there is none."""
    at, path = _line(cell)
    if path is None:
        return cell, ""
    above = "\n".join(cell.source.split("\n")[:at])
    return Cell(kind=cell.kind, source=above, metadata=cell.metadata), f"%%module {path}"


def named(cell: Cell) -> str:
    """Name a cell by its first line that says something."""
    first = next((line.strip() for line in cell.source.split("\n") if line.strip()), "")
    return f"`{first if len(first) <= _LONGEST_NAME else f'{first[:_LONGEST_NAME]}…'}`"
