"""A source tree and a driver's cells -> the notebook's cells. Pure: nothing is read, written or run."""

import hashlib
import html
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from urllib.parse import quote

from kernelwright.bundle.sources import DRIVER, SourceFile, SourceTree

CONFIG = "kernelwright.json"
CONTENTS = "contents"
MODULES_TAG = "modules"
_LARGEST_DATA_CELL_BYTES = 20_000
# Folded away in Kaggle's viewer and in JupyterLab: what is carried, but is not the author's story.
_FOLDED = {"_kg_hide-input": True, "jupyter": {"source_hidden": True}}


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One cell of a notebook; ``id`` is empty until it is placed."""

    kind: Literal["code", "markdown", "raw"]
    source: str
    metadata: Mapping[str, Any] = field(default_factory=dict)
    id: str = ""


def compose(
    tree: SourceTree, driver: Sequence[Cell], told: str, set_up: str, *, shown: bool = True
) -> tuple[Cell, ...]:
    """Put the notebook together.

    Parameters
    ----------
    tree : SourceTree
        What is carried.
    driver : sequence of Cell
        The driver's cells in order; one tagged ``modules`` gets the module cells after it.
    told : str
        Content of ``kernelwright.json``, by whose digest the set-up cell is known.
    set_up : str
        Text of the set-up cell.
    shown : bool
        Whether the modules are cells; else they come with the set-up cell or a dataset.
    """
    own = [_driver_cell(index, cell) for index, cell in enumerate(driver)]
    opening = 1 if own and own[0].kind == "markdown" else 0
    digest = hashlib.sha256(told.encode()).hexdigest()
    prepared = [*_contents(tree, shown=shown), _generated("code", set_up, CONFIG, digest, folded=True)]
    carried = list(_module_cells(tree)) if shown else []
    at = next((i + 1 for i, cell in enumerate(own) if MODULES_TAG in cell.metadata.get("tags", [])), opening)
    cells = [*own[:opening], *prepared, *own[opening:at], *carried, *own[at:]]
    return tuple(replace(cell, id=_id(cell)) for cell in cells)


def _driver_cell(index: int, cell: Cell) -> Cell:
    return replace(cell, metadata={**cell.metadata, "kernelwright": {"driver": index}})


def fits_a_cell(file: SourceFile) -> bool:
    """Tell whether a ``%%module`` cell carries the file; the set-up cell packs the others."""
    if file.text is None or file.origin == DRIVER:
        return False
    is_name_plain = re.fullmatch(r"[\w./ @+=,()-]+", file.path) and file.path == file.path.strip()
    return bool(is_name_plain) and (file.path.endswith(".py") or len(file.data) <= _LARGEST_DATA_CELL_BYTES)


def _is_own(file: SourceFile) -> bool:
    return not file.origin.startswith("vendor ")


def _contents(tree: SourceTree, *, shown: bool) -> Iterator[Cell]:
    """Yield the list of the author's modules; without any, nothing."""
    listed = [file for file in tree.files if _is_own(file) and file.module and file.data]
    if listed:
        rows = "\n".join(
            f"- {_link(file) if shown and fits_a_cell(file) else _name(file)}{_says(file)}" for file in listed
        )
        text = f"**The modules of this notebook**\n\n{rows}{_carried_along(tree)}"
        yield _generated("markdown", text, CONTENTS, _digest(text))


def _carried_along(tree: SourceTree) -> str:
    """Say which packages come along, whose cells are folded away."""
    packages = dict.fromkeys(f"`{file.origin.removeprefix('vendor ')}`" for file in tree.files if not _is_own(file))
    return f"\n\nCarried along, folded away: {', '.join(packages)}." if packages else ""


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _name(file: SourceFile) -> str:
    return f"`{file.path}`"


def driver_digest(driver: Sequence[Cell]) -> str:
    """Return the sha256 of a driver's cells, by which a pull finds the driver that a notebook was built from."""
    contents: list[tuple[object, ...]] = []
    for cell in driver:
        metadata = {key: value for key, value in cell.metadata.items() if key not in {"kernelwright", "tags"}}
        more = [metadata] if metadata else []
        contents.append((cell.kind, cell.source, cell.metadata.get("tags", []), *more))
    return _digest(json.dumps(contents, sort_keys=True))


def _link(file: SourceFile) -> str:
    return f"[{_name(file)}](#{quote(file.path.replace(' ', '-'))})"


def _says(file: SourceFile) -> str:
    return f" · {_plain(file.summary)}" if file.summary else ""


def _plain(text: str) -> str:
    """Keep a docstring's text from being taken for HTML or a formula."""
    return html.escape(text, quote=False).replace("$", "\\$")


def _module_cells(tree: SourceTree) -> Iterator[Cell]:
    for file in tree.files:
        if fits_a_cell(file):
            summary = f"\n\n{_plain(file.summary)}" if file.summary else ""
            yield _generated("markdown", f"### {_name(file)}{summary}", file.path, file.sha256)
            source = f"%%module {file.path}\n{file.text}"
            yield _generated("code", source, file.path, file.sha256, folded=not _is_own(file))


def _generated(kind: Literal["code", "markdown"], source: str, file: str, sha256: str, *, folded: bool = False) -> Cell:
    mark = {"kernelwright": {"file": file, "sha256": sha256}}
    return Cell(kind=kind, source=source, metadata={**mark, **(_FOLDED if folded else {})})


def _id(cell: Cell) -> str:
    """Derive a cell's id from what it is, so that the same tree gives the same notebook, and an edit keeps it."""
    mark = cell.metadata["kernelwright"]
    identity = {key: mark[key] for key in ("file", "driver") if key in mark}
    return _digest(f"{cell.kind} {json.dumps(identity, sort_keys=True)}")[:12]


def commented(body: str) -> str:
    """Return a cell's text as comments, as a percent script holds what is no Python."""
    return "\n".join(f"# {line}" if line else "#" for line in body.split("\n"))
