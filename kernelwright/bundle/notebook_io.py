"""Cells <-> the bytes of an .ipynb file, and <-> a driver's text. The only importer of jupytext and nbformat."""

import ast
import io
import re
import tokenize
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import jupytext
import nbformat

from kernelwright.bundle.cells import Cell
from kernelwright.errors import InvalidProject, Problem

# Read comments as comments: by default jupytext turns `# !ls` and `# %matplotlib` into live magics.
_PERCENT = {"extension": ".py", "format_name": "percent", "comment_magics": False}
_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
LAYOUT = frozenset({"lines_to_next_cell", "cell_marker", "lines_to_end_of_cell_marker"})
"""The metadata that jupytext notes of a script's layout, and no notebook holds."""
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
        data = file.read_bytes()
    except OSError as error:
        fix = "tool.kernelwright.driver names a percent-format script"
        raise InvalidProject([Problem(code="KW201", file=name, message=f"{error.strerror}", fix=fix)]) from None
    return parse_driver(data, name)


def parse_driver(data: bytes, name: str, *, layout: bool = False) -> tuple[Cell, ...]:
    """Do as `read_driver` with a script's bytes; ``layout`` keeps what jupytext notes of it in the cells' metadata."""
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        message = f"not UTF-8 at byte {error.start}"
        raise InvalidProject(
            [Problem(code="KW201", file=name, message=message, fix="save the driver as UTF-8")]
        ) from None
    nodes = jupytext.reads(text.translate(_ENDS), _PERCENT).cells
    cells = tuple(_cell(node, frozenset() if layout else LAYOUT) for node in nodes)
    if problems := [*_indented_marks(text, name)] or [*_syntax_problems(text, cells, name)]:
        raise InvalidProject(problems)
    return cells


def write_driver(cells: Sequence[Cell]) -> str:
    """Return cells as a percent script, without a header; attachments are written as metadata of their cell."""
    nodes = []
    for cell in cells:
        metadata = {key: value for key, value in cell.metadata.items() if key != "kernelwright"}
        nodes.append(_node(Cell(kind=cell.kind, source=cell.source.translate(_ENDS))) | {"metadata": metadata})
    unheaded = {"jupytext": {"notebook_metadata_filter": "-all", "cell_metadata_filter": "all"}}
    node = nbformat.from_dict({"cells": nodes, "metadata": unheaded, "nbformat": 4, "nbformat_minor": 5})
    text: str = jupytext.writes(node, _PERCENT)
    return text.translate(_BACK)


def _cell(node: nbformat.NotebookNode, left_out: Collection[str]) -> Cell:
    kept = {key: value for key, value in node.metadata.items() if key not in left_out}
    return Cell(kind=node.cell_type, source=node.source.translate(_BACK), metadata=kept)


def _indented_marks(text: str, name: str) -> Iterator[Problem]:
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    except (tokenize.TokenError, SyntaxError):  # live magics are not Python; cells are then split by line alone
        return
    message, fix = "a cell mark (# %%) at an indent splits a statement in two", "unindent or reword the comment"
    for token in tokens:
        is_mark = token.type == tokenize.COMMENT and re.match(r"#\s*%%", token.string)
        if is_mark and token.start[1] > 0 and not token.line[: token.start[1]].strip():
            yield Problem(code="KW202", file=name, place=token.start[0], message=message, fix=fix)


def _syntax_problems(text: str, cells: Sequence[Cell], name: str) -> Iterator[Problem]:
    """Yield a problem per code cell that is not Python; one with magics is IPython's to judge."""
    at = 0
    for cell in cells:
        at = max(at, text.find(cell.source, at))
        if cell.kind == "code" and (error := _syntax_error(cell.source)):
            line = text.count("\n", 0, at) + (error.lineno or 1)
            yield Problem(code="KW203", file=name, place=line, message=error.msg, fix="not Python as it stands")


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
    metadata = dict(cell.metadata)
    if cell.kind != "code" and isinstance(metadata.get("attachments"), dict):  # a script holds them as metadata
        run["attachments"] = metadata.pop("attachments")
    return {"cell_type": cell.kind, "id": cell.id, "metadata": metadata, "source": cell.source, **run}
