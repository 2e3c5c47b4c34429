"""Cells <-> the bytes of an .ipynb file, and a driver's text -> cells. The only importer of jupytext and nbformat."""

import io
import re
import tokenize
from collections.abc import Sequence
from pathlib import Path

import jupytext
import nbformat
from nbformat import v4

from kernelwright.cells import Cell
from kernelwright.errors import InvalidProject

# Read comments as comments: by default jupytext turns `# !ls` and `# %matplotlib` into live magics.
_PERCENT = {"extension": ".py", "format_name": "percent", "comment_magics": False}
_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
_OWN_TO_JUPYTEXT = {"lines_to_next_cell", "cell_marker", "lines_to_end_of_cell_marker"}


def read_driver(file: Path) -> tuple[Cell, ...]:
    """Split a percent-format script into its cells.

    Raises
    ------
    InvalidProject
        Not UTF-8, or a cell mark at an indent, which would cut a statement in two.
    """
    try:
        text = file.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidProject([f"{file}: not UTF-8 at byte {error.start}; save the driver as UTF-8"]) from None
    if problems := [f"{file}:{line}: {_INDENTED}" for line in _indented_marks(text)]:
        raise InvalidProject(problems)
    return tuple(_cell(node) for node in jupytext.reads(text, _PERCENT).cells)


_INDENTED = "a cell mark (# %%) at an indent splits a statement in two; unindent or reword the comment"


def _indented_marks(text: str) -> list[int]:
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    except (
        tokenize.TokenError,
        SyntaxError,
    ):  # live magics are not Python; cells are then split by line alone
        return []
    marks = (t for t in tokens if t.type == tokenize.COMMENT and re.match(r"#\s*%%", t.string))
    return [t.start[0] for t in marks if t.start[1] > 0 and not t.line[: t.start[1]].strip()]


def _cell(node: nbformat.NotebookNode) -> Cell:
    kept = {key: value for key, value in node.metadata.items() if key not in _OWN_TO_JUPYTEXT}
    return Cell(kind=node.cell_type, source=node.source, metadata=kept)


def write(cells: Sequence[Cell]) -> bytes:
    """Return the notebook as nbformat 4.5, without outputs, the same bytes for the same cells."""
    node = v4.new_notebook(cells=[_node(cell) for cell in cells], metadata=_METADATA)
    nbformat.validate(node)
    text: str = nbformat.writes(node, version=nbformat.NO_CONVERT)
    return f"{text.rstrip()}\n".encode()


def _node(cell: Cell) -> nbformat.NotebookNode:
    make = {"code": v4.new_code_cell, "markdown": v4.new_markdown_cell, "raw": v4.new_raw_cell}[cell.kind]
    return make(source=cell.source, metadata=dict(cell.metadata), id=cell.id)
