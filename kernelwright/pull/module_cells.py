"""Module cells, and those that no longer are: turned into Markdown, or below another line.

A cell magic works on the first line of a code cell alone. A cell that holds a ``%%module`` line elsewhere is an error
when it is run, and no sign that its module is to go.
"""

from collections.abc import Collection, Mapping
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
    lines = [line.strip() for line in cell.source.split("\n")]
    mentioned = [path for line in lines if (path := _path(line.lstrip("# \t"))) is not None and path in gone]
    called = f"cell {number} of the notebook, {named(cell)},"
    if (own := module(cell)) is not None:
        paths = [own[0], mentioned[0]] if mentioned else []
        whats = [f"{called} holds the line `{_MAGIC} {mentioned[0]}` too; split it there" for _ in paths]
    else:
        # The first line that is no comment may be another cell magic now, such as `%%writefile`.
        first = next((line for line in lines if line and not (cell.kind == "code" and line.startswith("#"))), "")
        magic, _, argument = first.partition(" ")
        claimed = argument.strip() if magic.startswith("%%") and argument.strip() in gone else _path(first)
        paths = [*([] if claimed is None else [claimed]), *mentioned]
        noted, is_heading = mark(cell).get("file"), cell.kind == "markdown" and cell.source.startswith("### `")
        if not paths and isinstance(noted, str) and noted in gone and not is_heading:
            paths = [noted]
        fix = "make it a code cell whose first line is"
        whats = [f"{called} is no module cell as it is; {fix} `{_MAGIC} {path}`, or delete it" for path in paths]
    pairs = dict(zip(paths, whats, strict=True))
    return [DisplacedModule(path=path, number=number, what=what) for path, what in pairs.items()]


def says_above(cell: Cell) -> bool:
    """Return whether a code cell says something, more than comments, above its ``%%module`` line."""
    lines = cell.source.split("\n")
    at = next((at for at, line in enumerate(lines) if _path(line.lstrip("# \t")) is not None), 0)
    return cell.kind == "code" and any(line.strip() and not line.lstrip().startswith("#") for line in lines[:at])


def named(cell: Cell) -> str:
    """Name a cell by its first line that says something."""
    first = next((line.strip() for line in cell.source.split("\n") if line.strip()), "")
    return f"`{first if len(first) <= _LONGEST_NAME else f'{first[:_LONGEST_NAME]}…'}`"
