"""Recognise module cells, and cells that no longer write their module: now markdown, or with a line above ``%%module``.

A cell magic works only on the first line of a code cell. A cell with a ``%%module`` line elsewhere fails when it is
run, but it does not mean that the module was deleted.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from kernelwright.bundle.cells import Cell

_MAGIC = "%%module"
_LONGEST_NAME = 60


@dataclass(frozen=True, kw_only=True)
class DisplacedModule:
    """A module whose cell is there but does not write it. ``what`` names the cell, the problem and the fix."""

    path: str
    number: int
    what: str


def mark(cell: Cell) -> Mapping[str, Any]:
    """Return the metadata that the build added to a cell; empty if an editor lost it."""
    noted = cell.metadata.get("kernelwright")
    return noted if isinstance(noted, dict) else {}


def module(cell: Cell) -> tuple[str, str] | None:
    """Return path and text of a module cell; None for any other cell."""
    first, _, text = cell.source.lstrip("\n").partition("\n")
    path = _path(first) if cell.kind == "code" else None
    return None if path is None else (path, text)


def _path(line: str) -> str | None:
    """Return the path in a ``%%module`` line; None for any other line."""
    rest = line.removeprefix(_MAGIC)
    return rest.strip() if rest != line and rest[:1] in {"", " ", "\t"} else None


def displaced(number: int, cell: Cell, gone: Collection[str]) -> list[DisplacedModule]:
    """Return the modules that a cell mentions but does not write.

    Parameters
    ----------
    number : int
        The cell's position in the notebook, from 1.
    cell : Cell
        The cell to look at.
    gone : collection of str
        Paths of modules that had a module cell when the notebook was built and have none now.
    """
    lines = [line.strip() for line in cell.source.split("\n")]
    # A `%%module` line may have become a comment or a heading.
    mentioned = [path for line in lines if (path := _path(line.lstrip("# \t"))) is not None and path in gone]
    called = f"cell {number} of the notebook, {named(cell)},"
    if (own := module(cell)) is not None:
        paths = [own[0], mentioned[0]] if mentioned else []
        whats = [f"{called} holds the line `{_MAGIC} {mentioned[0]}` too; split it there" for _ in paths]
    else:
        # The first line that is not a comment may now be another cell magic, such as `%%writefile`.
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
    """Return True if a code cell has more than comments above its ``%%module`` line."""
    lines = cell.source.split("\n")
    at = next((at for at, line in enumerate(lines) if _path(line.lstrip("# \t")) is not None), 0)
    return cell.kind == "code" and any(line.strip() and not line.lstrip().startswith("#") for line in lines[:at])


def named(cell: Cell) -> str:
    """Return a name for a cell: its first line that is not blank, shortened."""
    first = next((line.strip() for line in cell.source.split("\n") if line.strip()), "")
    return f"`{first if len(first) <= _LONGEST_NAME else f'{first[:_LONGEST_NAME]}…'}`"
