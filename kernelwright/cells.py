"""A source tree and a driver's cells -> the notebook's cells. Pure: nothing is read, written or run."""

import ast
import base64
import hashlib
import json
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from kernelwright.sources import SourceFile, SourceTree

CONFIG = "kernelwright.json"
MODULES_TAG = "modules"
_LARGEST_DATA_CELL_BYTES = 20_000


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One cell of a notebook; ``id`` is empty until it is placed."""

    kind: Literal["code", "markdown", "raw"]
    source: str
    metadata: Mapping[str, Any] = field(default_factory=dict)
    id: str = ""


def compose(tree: SourceTree, driver: Sequence[Cell], config: Mapping[str, Any], set_up: str) -> tuple[Cell, ...]:
    """Put the notebook together.

    Parameters
    ----------
    tree : SourceTree
        What is carried.
    driver : sequence of Cell
        The driver's cells in order; one tagged ``modules`` gets the module cells after it.
    config : mapping
        What the runtime needs to know; becomes ``kernelwright.json`` in the tree.
    set_up : str
        Text of the set-up cell: a definition of ``_set_up(config, packed, top_level)``.
    """
    own = [_driver_cell(index, cell) for index, cell in enumerate(driver)]
    opening = 1 if own and own[0].kind == "markdown" else 0
    carried = list(_module_cells(tree))
    at = next((i + 1 for i, cell in enumerate(own) if MODULES_TAG in cell.metadata.get("tags", [])), opening)
    cells = [*own[:opening], _set_up_cell(tree, config, set_up), *own[opening:at], *carried, *own[at:]]
    return tuple(_identified(cells))


def _driver_cell(index: int, cell: Cell) -> Cell:
    return Cell(kind=cell.kind, source=cell.source, metadata={**cell.metadata, "kernelwright": {"driver": index}})


def fits_a_cell(file: SourceFile) -> bool:
    """Tell whether a ``%%module`` cell carries the file; the set-up cell packs the others."""
    if file.text is None:
        return False
    return file.path.endswith(".py") or len(file.data) <= _LARGEST_DATA_CELL_BYTES


def _set_up_cell(tree: SourceTree, config: Mapping[str, Any], set_up: str) -> Cell:
    told = _told({**config, "files": tree.digests})
    packed = {file.path: file.data for file in tree.files if not fits_a_cell(file)}
    call = f"_set_up(\n    {_literal(told)},\n    {_packed(packed)},\n    {tree.top_level!r},\n)\ndel _set_up"
    sha256 = hashlib.sha256(told.encode()).hexdigest()
    return _generated("code", f"{set_up.rstrip()}\n\n\n{call}", CONFIG, sha256)


def _told(config: Mapping[str, Any]) -> str:
    """Write the configuration as JSON that reads well: a line a key, and a line an entry of a table."""
    lines = ",\n".join(f"{json.dumps(key)}: {_table(value)}" for key, value in config.items())
    return f"{{\n{lines}\n}}\n"


def _table(value: object) -> str:
    if not isinstance(value, dict) or not value:
        return json.dumps(value)
    entries = ",\n".join(f"  {json.dumps(key)}: {json.dumps(entry)}" for key, entry in value.items())
    return f"{{\n{entries}\n}}"


def _literal(text: str) -> str:
    return f"r'''{text}'''" if "'''" not in text else repr(text)


def _packed(files: Mapping[str, bytes]) -> str:
    if not files:
        return "{}"
    entries = (f"        {path!r}: {_base64(data)},\n" for path, data in files.items())
    return "{\n" + "".join(entries) + "    }"


def _base64(data: bytes) -> str:
    text = base64.b64encode(data).decode("ascii")
    if len(text) <= 80:
        return f'"{text}"'
    lines = textwrap.wrap(text, 100)
    return '"""\n' + "\n".join(lines) + '"""'


def _module_cells(tree: SourceTree) -> Iterator[Cell]:
    for file in tree.files:
        if fits_a_cell(file):
            yield _generated("markdown", _heading(file), file.path, file.sha256)
            yield _generated("code", f"%%module {file.path}\n{file.text}", file.path, file.sha256)


def _heading(file: SourceFile) -> str:
    title = f"### `{file.path}`"
    summary = _summary(file) if file.module else ""
    return f"{title}\n\n{summary}" if summary else title


def _summary(file: SourceFile) -> str:
    docstring = ast.get_docstring(ast.parse(file.data))
    return (docstring or "").partition("\n\n")[0].replace("\n", " ").strip()


def _generated(kind: Literal["code", "markdown"], source: str, file: str, sha256: str) -> Cell:
    return Cell(kind=kind, source=source, metadata={"kernelwright": {"file": file, "sha256": sha256}})


def _identified(cells: Sequence[Cell]) -> Iterator[Cell]:
    """Derive each id from what the cell is, so that the same tree gives the same notebook."""
    for cell in cells:
        key = f"{cell.kind} {json.dumps(_identity(cell), sort_keys=True)}"
        digest = hashlib.sha256(key.encode()).hexdigest()[:12]
        yield Cell(kind=cell.kind, source=cell.source, metadata=cell.metadata, id=digest)


def _identity(cell: Cell) -> dict[str, Any]:
    mark = cell.metadata["kernelwright"]
    return {key: mark[key] for key in ("file", "driver") if key in mark}
