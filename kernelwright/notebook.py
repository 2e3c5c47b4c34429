"""Cells <-> the bytes of an .ipynb file, and a driver's text -> cells.

nbformat is not needed to write a format this plain, and takes as long to import as everything else together; a test
validates with it what is written here.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kernelwright import percent
from kernelwright.cells import Cell
from kernelwright.errors import InvalidProject

_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
_INDENTED = "a cell mark (# %%) at an indent splits a statement in two; unindent or reword the comment"


def read_driver(file: Path, name: str = "") -> tuple[Cell, ...]:
    """Split a percent-format script into its cells; ``name`` is what problems call it.

    Raises
    ------
    InvalidProject
        With every problem: not UTF-8; a cell mark at an indent, which would cut a statement in two; a cell that is
        not Python.
    """
    name = name or str(file)
    try:
        text = file.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidProject([f"{name}: not UTF-8 at byte {error.start}; save the driver as UTF-8"]) from None
    parts, indented = percent.split(text)
    problems = [f"{name}:{line}: {_INDENTED}" for line in indented]
    if problems := problems or _syntax_problems(name, parts):
        raise InvalidProject(problems)
    return tuple(Cell(kind=part.kind, source=part.source, metadata=part.metadata) for part in parts)


def _syntax_problems(name: str, parts: Sequence[percent.Part]) -> list[str]:
    found = [(part.line, percent.syntax_error(part)) for part in parts if part.kind == "code"]
    return [
        f"{name}:{line + (error.lineno or 1) - 1}: {error.msg}; not Python as it stands"
        for line, error in found
        if error
    ]


def write(cells: Sequence[Cell]) -> bytes:
    """Return the notebook as nbformat 4.5, without outputs, the same bytes for the same cells."""
    nodes = [_node(cell) for cell in cells]
    notebook = {"cells": nodes, "metadata": _METADATA, "nbformat": 4, "nbformat_minor": 5}
    return f"{json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True)}\n".encode()


def _node(cell: Cell) -> dict[str, Any]:
    node: dict[str, Any] = {"cell_type": cell.kind, "id": cell.id, "metadata": dict(cell.metadata)}
    if cell.kind == "code":
        node |= {"execution_count": None, "outputs": []}
    return node | {"source": _lines(cell.source)}


def _lines(source: str) -> list[str]:
    """Cut at line feeds alone: what else `str.splitlines` takes for a line's end is content here."""
    lines = source.split("\n")
    return [f"{line}\n" for line in lines[:-1]] + [lines[-1]] * bool(lines[-1])
