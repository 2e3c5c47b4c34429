"""Cells <-> the bytes of an .ipynb file, and a driver's text -> cells. The only importer of jupytext and nbformat."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import jupytext
import nbformat

from kernelwright.bundle.cells import Cell
from kernelwright.errors import InvalidProject

# Read comments as comments: by default jupytext turns `# !ls` and `# %matplotlib` into live magics.
_PERCENT = {"extension": ".py", "format_name": "percent", "comment_magics": False}
_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
_OWN_TO_JUPYTEXT = {"lines_to_next_cell", "cell_marker", "lines_to_end_of_cell_marker"}
# What jupytext's `str.splitlines` takes for a line's end, though Python and notebooks do not; these stand in for it.
_ENDS = dict(
    zip(
        map(ord, "\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"),
        "\ue000\ue001\ue002\ue003\ue004\ue005\ue006\ue007",
        strict=True,
    )
)
_BACK = {ord(stand_in): chr(end) for end, stand_in in _ENDS.items()}
_MAGIC = re.compile(r"^\s*(?:[\w., ]+=\s*)?[%!]|\?\s*$|^\s*\?")
_INDENTED = "a cell mark (# %%) at an indent splits a statement in two; unindent or reword the comment"


def read_driver(file: Path, name: str = "") -> tuple[Cell, ...]:
    """Split a percent-format script into its cells; ``name`` is what problems call it.

    Raises
    ------
    InvalidProject
        With every problem: not there; not UTF-8; a cell mark at an indent, which would cut a statement in two; a cell
        that is not Python.
    """
    name = name or str(file)
    try:
        text = file.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise InvalidProject([f"{name}: not UTF-8 at byte {error.start}; save the driver as UTF-8"]) from None
    except OSError as error:
        raise InvalidProject(
            [f"{name}: {error.strerror}; tool.kernelwright.driver names a percent-format script"]
        ) from None
    cells = tuple(_cell(node) for node in jupytext.reads(text.translate(_ENDS), _PERCENT).cells)
    problems = [f"{name}:{line}: {_INDENTED}" for line in _indented_marks(text)]
    if problems := problems or [f"{name}:{problem}" for problem in _syntax_problems(text, cells)]:
        raise InvalidProject(problems)
    return cells


def _cell(node: nbformat.NotebookNode) -> Cell:
    kept = {key: value for key, value in node.metadata.items() if key not in _OWN_TO_JUPYTEXT}
    return Cell(kind=node.cell_type, source=node.source.translate(_BACK), metadata=kept)


def _indented_marks(text: str) -> list[int]:
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    except (tokenize.TokenError, SyntaxError):  # live magics are not Python; cells are then split by line alone
        return []
    marks = (t for t in tokens if t.type == tokenize.COMMENT and re.match(r"#\s*%%", t.string))
    return [t.start[0] for t in marks if t.start[1] > 0 and not t.line[: t.start[1]].strip()]


def _syntax_problems(text: str, cells: Sequence[Cell]) -> Iterator[str]:
    """Yield ``line: message`` for each code cell that is not Python; one with magics is IPython's to judge."""
    at = 0
    for cell in cells:
        at = max(at, text.find(cell.source, at))
        if cell.kind == "code" and (error := _syntax_error(cell.source)):
            line = text.count("\n", 0, at) + (error.lineno or 1)
            yield f"{line}: {error.msg}; not Python as it stands"


def _syntax_error(source: str) -> SyntaxError | None:
    try:
        compile(source, "", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    except SyntaxError as error:
        return None if any(_MAGIC.search(line) for line in source.split("\n")) else error
    return None


def write(cells: Sequence[Cell]) -> bytes:
    """Return the notebook as nbformat 4.5, without outputs, the same bytes for the same cells."""
    nodes = [_node(cell) for cell in cells]
    # Not by v4.new_code_cell and the like: they validate each cell as it is made, ten times slower than all at once.
    node = nbformat.from_dict({"cells": nodes, "metadata": _METADATA, "nbformat": 4, "nbformat_minor": 5})
    nbformat.validate(node)
    text: str = nbformat.writes(node, version=nbformat.NO_CONVERT)
    return f"{text.rstrip()}\n".encode()


def _node(cell: Cell) -> dict[str, Any]:
    run: dict[str, Any] = {"execution_count": None, "outputs": []} if cell.kind == "code" else {}
    return {"cell_type": cell.kind, "id": cell.id, "metadata": dict(cell.metadata), "source": cell.source, **run}
