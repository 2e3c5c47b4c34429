"""Module cells, and those that no longer are: turned into Markdown, or below another line.

A cell magic works on the first line of a code cell alone. A cell that holds a ``%%module`` line elsewhere is an error
when it is run, and no sign that its module is to go.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kernelwright.bundle.cells import Cell

_MAGIC = "%%module"
_LONGEST_NAME = 60


@dataclass(frozen=True, kw_only=True)
class DisplacedModule:
    """A module whose cell is there but does not write it; ``what`` names the cell, what is wrong and the fix."""

    path: str
    number: int
    what: str


def mark(cell: Cell) -> Mapping[str, Any]:
    """Return what a build noted in a cell's metadata, as far as an editor kept it."""
    noted = cell.metadata.get("kernelwright")
    return noted if isinstance(noted, dict) else {}


def module(cell: Cell) -> tuple[str, str] | None:
    """Return the path and the text of a module cell, None for any other cell."""
    first, _, text = cell.source.lstrip("\n").partition("\n")
    path = _path(first) if cell.kind == "code" else None
    return None if path is None else (path, text)


def _path(line: str) -> str | None:
    """Return the path of a ``%%module`` line, None for any other line."""
    rest = line.removeprefix(_MAGIC)
    return rest.strip() if rest != line and rest[:1] in {"", " ", "\t"} else None


def displaced(number: int, cell: Cell, gone: Collection[str]) -> list[DisplacedModule]:
    """Return the modules a cell stands for without writing them.

    Parameters
    ----------
    number : int
        The cell's place in the notebook, from 1.
    cell : Cell
        The cell.
    gone : collection of str
        Modules that were cells, and are no more.
    """
    own, noted, lines = module(cell), mark(cell).get("file"), cell.source.split("\n")
    mentioned = [path for line in lines if (path := _path(line.lstrip("# \t"))) is not None and path in gone]
    if own is not None:
        paths = [own[0], mentioned[0]] if mentioned else []
        what = f"holds the line `{_MAGIC} {mentioned[0]}` too; split it there" if mentioned else ""
    else:
        paths = [*_claimed(cell, lines, gone), *mentioned]
        is_heading = cell.kind == "markdown" and cell.source.startswith("### `")
        if not paths and isinstance(noted, str) and noted in gone and not is_heading:
            paths = [noted]
        what = "is no module cell as it is; make it a code cell whose first line is `{line}`, or delete it"
    called = f"cell {number} of the notebook, {named(cell)},"
    whats = {path: f"{called} {what.replace('{line}', f'{_MAGIC} {path}')}" for path in paths}
    return [DisplacedModule(path=path, number=number, what=text) for path, text in whats.items()]


def _claimed(cell: Cell, lines: list[str], gone: Collection[str]) -> Iterator[str]:
    """Yield the path that the first line names which is no comment: of ``%%module``, or of another cell magic."""
    text_lines = (line.strip() for line in lines if not (cell.kind == "code" and line.lstrip().startswith("#")))
    first = next(filter(None, text_lines), "")
    magic, _, argument = first.partition(" ")
    if (path := _path(first)) is not None:
        yield path
    elif magic.startswith("%%") and argument.strip() in gone:
        yield argument.strip()


def says_above(cell: Cell) -> bool:
    """Return whether a code cell says something, more than comments, above its ``%%module`` line."""
    lines = cell.source.split("\n")
    at = next((at for at, line in enumerate(lines) if _path(line.lstrip("# \t")) is not None), 0)
    return cell.kind == "code" and any(line.strip() and not line.lstrip().startswith("#") for line in lines[:at])


def named(cell: Cell) -> str:
    """Name a cell by its first line that says something."""
    first = next((line.strip() for line in cell.source.split("\n") if line.strip()), "")
    return f"`{first if len(first) <= _LONGEST_NAME else f'{first[:_LONGEST_NAME]}…'}`"
