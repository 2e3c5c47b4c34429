"""Convert between cells and the bytes of a notebook, and between cells and the text of a driver.

Only this module imports jupytext and nbformat. It imports them inside functions, because a plain driver needs neither
and importing them takes longer than the rest of a build.
"""

import ast
import io
import json
import re
import tokenize
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from kernelwright.bundle import plain_script
from kernelwright.bundle.cells import FOLDED, Cell, commented
from kernelwright.errors import InvalidProject, Problem
from kernelwright.support import ipython_syntax

# comment_magics is off because jupytext would otherwise turn comments such as `# !ls` into live magics.
_PERCENT = {"extension": ".py", "format_name": "percent", "comment_magics": False}
_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
LAYOUT = frozenset({"lines_to_next_cell", "cell_marker", "lines_to_end_of_cell_marker"})
"""Cell metadata in which jupytext records a script's layout. It is not written to notebooks."""
# jupytext uses `str.splitlines`, which ends lines at these characters; Python and notebooks do not. So they are
# replaced by private-use characters while jupytext reads.
_ENDS = dict(
    zip(
        map(ord, "\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"),
        "\ue000\ue001\ue002\ue003\ue004\ue005\ue006\ue007",
        strict=True,
    )
)
_BACK = {ord(stand_in): chr(end) for end, stand_in in _ENDS.items()}
# jupytext's header, below a shebang or a coding line.
_HEADER = re.compile(r"(?:#(?! ---).*\n){0,2}# ---\n(?:#.*\n)*?# ---\n")
_TO_PERCENT = "convert it with `jupytext --to py:percent {}` and name the .py file in tool.kernelwright.driver"


def load_driver(file: Path, name: str) -> tuple[tuple[Cell, ...], list[Problem]]:
    """Read a driver as `read_driver` does, but return problems (and then no cells) instead of raising them."""
    try:
        return read_driver(file, name), []
    except InvalidProject as error:
        return (), list(error.problems)


def read_driver(file: Path, name: str = "") -> tuple[Cell, ...]:
    """Split a percent-format script into its cells. Problems call the file ``name``.

    Raises
    ------
    InvalidProject
        With every problem of the first kind that occurs: the file is missing or not a percent-format script; an
        indented cell mark, which would split a statement, or a format that jupytext would misread; a header or cell
        options that jupytext refuses; cells that are not Python.
    """
    name = name or str(file)
    if file.suffix.lower() != ".py":
        fix = "write the driver in Python, its cells under `# %%`, in a file that ends in .py"
        if file.suffix.lower() in {".ipynb", ".md", ".rmd", ".qmd"}:  # what jupytext converts to Python
            fix = _TO_PERCENT.format(name)
        message = f"{file.suffix or 'a file without .py'} is no percent-format script"
        raise InvalidProject([Problem(code="KW204", file=name, message=message, fix=fix)])
    try:
        data = file.read_bytes()
    except OSError as error:
        fix = "name a percent-format script in tool.kernelwright.driver"
        raise InvalidProject([Problem(code="KW201", file=name, message=str(error.strerror), fix=fix)]) from None
    return parse_driver(data, name)


def parse_driver(data: bytes, name: str, *, layout: bool = False) -> tuple[Cell, ...]:
    """Split a script's bytes as `read_driver` does. With ``layout``, keep jupytext's layout metadata in the cells."""
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        message, fix = f"not UTF-8 at byte {error.start}", "save the driver as UTF-8"
        raise InvalidProject([Problem(code="KW201", file=name, message=message, fix=fix)]) from None
    if problems := list(_form_problems(text, name)):
        raise InvalidProject(problems)
    cells = None if layout else plain_script.split(text)  # only jupytext records the layout
    cells = _split(text, name, frozenset() if layout else LAYOUT) if cells is None else cells
    for cell in cells:
        try:
            ast.parse((ipython_syntax.python_source(cell.source) if cell.kind == "code" else None) or "")
        except ipython_syntax.UNPARSABLE as error:
            line, message = ipython_syntax.complaint(error)
            place = cell.line + line - 1
            problems.append(Problem(code="KW203", file=name, place=place, message=message, fix="correct the syntax"))
    if problems:
        raise InvalidProject(problems)
    return cells


def _form_problems(text: str, name: str) -> Iterator[Problem]:
    """Yield a problem for each thing in the script that jupytext would misread."""
    header = match[0] if (match := _HEADER.match(text)) else ""
    if re.search(r"^#\s+comment_magics:\s*true", header, re.MULTILINE):
        message = "comment_magics: true, so the magics are comments, and would stay comments"
        fix = "set it to false, and take the magics out of their comments"
        yield Problem(code="KW206", file=name, place=1, message=message, fix=fix)
    form = re.search(r"^#\s+format_name:\s*(\w+)", header, re.MULTILINE)
    if form and form[1] not in {"percent", "hydrogen"}:
        message = f"its header says that it is in jupytext's format {form[1]}"
        yield Problem(code="KW204", file=name, place=1, message=message, fix=_TO_PERCENT.format(name))
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    except (tokenize.TokenError, SyntaxError):  # live magics are not Python, so indented marks cannot be found
        return
    for token in tokens:
        at_indent = token.start[1] > 0 and not token.line[: token.start[1]].strip()
        if token.type == tokenize.COMMENT and at_indent and re.match(r"#\s*%%", token.string):
            message, fix = "a cell mark (# %%) at an indent splits a statement in two", "unindent or reword the comment"
            yield Problem(code="KW202", file=name, place=token.start[0], message=message, fix=fix)


def _split(text: str, name: str, left_out: Collection[str]) -> tuple[Cell, ...]:
    import jupytext  # noqa: PLC0415 - see the module's docstring

    try:
        nodes = jupytext.reads(text.translate(_ENDS), _PERCENT).cells
    except Exception as error:  # noqa: BLE001 - a bad header makes YAML, nbformat or jupytext raise many types
        tags = re.search(r"^#\s*%%.*[ {\"]tags\"?\s*[=:](?!\s*\[)", text, re.MULTILINE)
        place = text.count("\n", 0, tags.start()) + 1 if tags else 1
        message = "its tags are no list" if tags else f"jupytext refuses the header: {str(error).partition(chr(10))[0]}"
        fix = 'write them as tags=["modules"]' if tags else "correct the header, or delete it"
        raise InvalidProject([Problem(code="KW207", file=name, place=place, message=message, fix=fix)]) from None
    cells, at = [], 0
    for node in nodes:
        source = node.source.translate(_BACK)
        kept = {key: value for key, value in node.metadata.items() if key not in left_out}
        # jupytext does not say where a cell begins, so its text is searched: as it is, as comments (markdown, raw
        # cells), or as comments without the first line (a cell magic, which is in the cell mark).
        written = (source, commented(source), commented(source.partition("\n")[2]))
        start, length = next(((text.find(it, at), len(it)) for it in written if text.find(it, at) >= 0), (at, 0))
        cells.append(Cell(kind=node.cell_type, source=source, metadata=kept, line=text.count("\n", 0, start) + 1))
        at = start + length
    return tuple(cells)


def write_driver(cells: Sequence[Cell]) -> str:
    """Return cells as a percent script without a header. Attachments become metadata of their cell."""
    import jupytext  # noqa: PLC0415 - see the module's docstring
    import nbformat  # noqa: PLC0415

    nodes = []
    for cell in cells:
        metadata = {key: value for key, value in cell.metadata.items() if key != "kernelwright"}
        nodes.append(_node(Cell(kind=cell.kind, source=cell.source.translate(_ENDS))) | {"metadata": metadata})
    unheaded = {"jupytext": {"notebook_metadata_filter": "-all", "cell_metadata_filter": "all"}}
    node = nbformat.from_dict({"cells": nodes, "metadata": unheaded, "nbformat": 4, "nbformat_minor": 5})
    text: str = jupytext.writes(node, _PERCENT)
    return text.translate(_BACK)


def write(cells: Sequence[Cell]) -> bytes:
    """Return the notebook's bytes as nbformat 4.5 writes them, without outputs. Equal cells give equal bytes."""
    nodes = [_node(cell) for cell in cells]
    notebook = {"cells": nodes, "metadata": _METADATA, "nbformat": 4, "nbformat_minor": 5}
    # Only the author's own metadata can be invalid.
    if any(cell.metadata.keys() - {"kernelwright", *FOLDED} for cell in cells):
        import nbformat  # noqa: PLC0415

        nbformat.validate(nbformat.from_dict(notebook))
    for node in nodes:
        node["source"] = node["source"].splitlines(keepends=True)
    return f"{json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True)}\n".encode()


def _node(cell: Cell) -> dict[str, Any]:
    run: dict[str, Any] = {"execution_count": None, "outputs": []} if cell.kind == "code" else {}
    metadata = dict(cell.metadata)
    if cell.kind != "code" and isinstance(metadata.get("attachments"), dict):  # a script holds attachments as metadata
        run["attachments"] = metadata.pop("attachments")
    return {"cell_type": cell.kind, "id": cell.id, "metadata": metadata, "source": cell.source, **run}
