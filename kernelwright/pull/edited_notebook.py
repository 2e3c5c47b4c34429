"""A notebook as an editor saved it: Kaggle's, Colab, JupyterLab, VS Code.

Each leaves something out: ids, metadata, the list form of a source, line feeds. What a cell is, is therefore told by
what it says: a module by its ``%%module`` line, its heading by its text, the set-up cell by what it defines.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kernelwright.bundle.cells import CONFIG, Cell
from kernelwright.errors import InvalidNotebook
from kernelwright.pull import manifest as told
from kernelwright.pull import module_cells as misplaced
from kernelwright.pull.manifest import Told
from kernelwright.pull.module_cells import Misplaced

_HEADING = re.compile(r"### `([^`\n]+)`(?:\n\n[^\n]+)?\n*")
_CONTENTS = "**The modules of this notebook**"
_SET_UP = re.compile(r"^def _set_up\(config, packed\):", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Edited:
    """What a notebook says.

    Attributes
    ----------
    modules : sequence of (str, str)
        Path and text of each module cell, in the notebook's order.
    driver : sequence of Cell
        The driver's cells, and those that were added. Where an editor lost all metadata, ``tags`` is None: unknown.
    set_up : str
        The set-up cell's text, empty where there is none.
    told : Told
        What that says of the files the notebook was built from.
    numbers : sequence of int
        The place of each of the driver's cells in the notebook, from 1.
    misplaced : sequence of Misplaced
        Modules whose cell is there, but writes them no longer.
    headings : sequence of str
        The text that is generated too: headings of modules, and their list.
    """

    modules: Sequence[tuple[str, str]]
    driver: Sequence[Cell]
    set_up: str
    told: Told
    numbers: Sequence[int] = ()
    misplaced: Sequence[Misplaced] = ()
    headings: Sequence[str] = ()


def read(data: bytes, name: str = "the notebook") -> Edited:
    """Read a notebook, whoever saved it; raises `InvalidNotebook` where it is none."""
    cells = [_unix(cell) for cell in _cells(data, name)]
    set_up = next((cell.source.rstrip("\n") for cell in cells if _is_set_up(cell)), "")
    modules = [misplaced.module(cell) for cell in cells if misplaced.is_module(cell)]
    known = told.read(set_up)
    gone = known.cells - {path for path, _ in modules}
    rest = {at: cell for at, cell in enumerate(cells, 1) if not _is_set_up(cell)}
    lost = {at: misplaced.found(at, cell, gone) for at, cell in rest.items()}
    paths = {*known.digests, *(path for path, _ in modules), *(one.path for found in lost.values() for one in found)}
    headings = [at for at, cell in rest.items() if _is_heading(cell, paths) and not lost[at]]
    driver = {at: cell for at, cell in rest.items() if at not in headings and _is_driver(cell, lost[at])}
    return Edited(
        modules=modules,
        driver=_tagged(list(driver.values()), is_lost=not any(map(misplaced.mark, cells))),
        set_up=set_up,
        told=known,
        numbers=list(driver),
        misplaced=[one for found in lost.values() for one in found],
        headings=[rest[at].source.rstrip("\n") for at in headings],
    )


def _cells(data: bytes, name: str) -> Iterator[Cell]:
    try:
        listed = json.loads(data.decode("utf-8-sig"))
        json.dumps(listed, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise InvalidNotebook(f"{name}: not JSON: {error}") from None
    listed = listed.get("cells") if isinstance(listed, dict) else None
    if not isinstance(listed, list) or not all(isinstance(cell, dict) for cell in listed):
        raise InvalidNotebook(f"{name}: no list of cells; save it as a notebook of format 4")
    for number, node in enumerate(listed, 1):
        if not isinstance(node.get("cell_type"), str):
            raise InvalidNotebook(f"{name}: cell {number}: its cell_type is no text; make it code, markdown or raw")
        kind = node["cell_type"]
        if kind in {"code", "markdown", "raw"}:
            yield Cell(kind=kind, source=_source(node.get("source", "")), metadata=_metadata(node))


def _source(written: object) -> str:
    return "".join(map(str, written)) if isinstance(written, list) else str(written or "")


def _metadata(node: Mapping[str, Any]) -> Mapping[str, Any]:
    metadata = node.get("metadata")
    return metadata if isinstance(metadata, dict) else {}


def _unix(cell: Cell) -> Cell:
    """Take carriage returns for what an editor put there; `kept.restored` gives a file its own back."""
    source = cell.source.replace("\r\n", "\n").removesuffix("\r")  # its line feed may have been taken
    return Cell(kind=cell.kind, source=source, metadata=cell.metadata)


def _tagged(cells: Sequence[Cell], *, is_lost: bool) -> list[Cell]:
    """Say of cells whose metadata was lost that their tags are not known."""
    if not is_lost:
        return list(cells)
    return [Cell(kind=cell.kind, source=cell.source, metadata={"tags": None, **cell.metadata}) for cell in cells]


def _is_set_up(cell: Cell) -> bool:
    known = misplaced.mark(cell)
    return known.get("file") == CONFIG or ("driver" not in known and _SET_UP.search(cell.source) is not None)


def _is_heading(cell: Cell, paths: Collection[str]) -> bool:
    """Tell the list of modules and their headings from what the author wrote."""
    known = misplaced.mark(cell)
    if cell.kind != "markdown" or "driver" in known:
        return False
    heading = _HEADING.fullmatch(cell.source)
    return "file" in known or cell.source.startswith(_CONTENTS) or bool(heading and heading[1] in paths)


def _is_driver(cell: Cell, found: Sequence[Misplaced]) -> bool:
    if misplaced.is_module(cell):
        return False
    return not found or misplaced.is_drivers(cell)
