"""A notebook as an editor saved it: Kaggle's, Colab, JupyterLab, VS Code.

Each leaves something out: ids, metadata, the list form of a source, line feeds. What a cell is, is therefore told by
what it says: a module by its ``%%module`` line, its heading by its text, the set-up cell by its first words.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kernelwright.cells import CONFIG, CONTENTS, Cell
from kernelwright.errors import InvalidNotebook

_MAGIC = "%%module "
_HEADING = re.compile(r"### `([^`\n]+)`")
_CONTENTS = "**The modules of this notebook**"
_SET_UP = "# Set-up: "
_TOLD = re.compile(r"^_config = (?:r'''(.*?)'''$|(['\"]).*\2$)", re.DOTALL | re.MULTILINE)


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
    """

    modules: Sequence[tuple[str, str]]
    driver: Sequence[Cell]
    set_up: str

    @property
    def digests(self) -> Mapping[str, str]:
        """Path -> sha256 of the files the notebook was built from, as its set-up cell says."""
        found = _TOLD.search(self.set_up)
        try:
            told = json.loads(found[1] or "{}") if found else {}
        except ValueError:
            return {}
        files = told.get("files", {}) if isinstance(told, dict) else {}
        return {str(path): str(digest) for path, digest in files.items()} if isinstance(files, dict) else {}


def read(data: bytes, name: str = "the notebook") -> Edited:
    """Read a notebook, whoever saved it; raises `InvalidNotebook` where it is none."""
    cells = [_unix(cell) for cell in _cells(data, name)]
    stripped = not any(cell.kind == "code" and cell.source.endswith("\n") for cell in cells)
    modules = [_module(cell, stripped=stripped) for cell in cells if _is_module(cell)]
    paths = {path for path, _ in modules}
    driver = [cell for cell in cells if not (_is_module(cell) or _is_generated(cell, paths))]
    if not any(map(_mark, cells)):
        driver = [Cell(kind=cell.kind, source=cell.source, metadata={"tags": None, **cell.metadata}) for cell in driver]
    set_up = next((cell.source for cell in cells if _is_set_up(cell)), "")
    return Edited(modules=modules, driver=driver, set_up=set_up)


def _cells(data: bytes, name: str) -> Iterator[Cell]:
    try:
        told = json.loads(data.decode("utf-8-sig"))
        json.dumps(told, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise InvalidNotebook(f"{name}: not JSON: {error}") from None
    listed = told.get("cells") if isinstance(told, dict) else None
    if not isinstance(listed, list) or not all(isinstance(cell, dict) for cell in listed):
        raise InvalidNotebook(f"{name}: no list of cells; save it as a notebook of format 4")
    for node in listed:
        kind = node.get("cell_type")
        if kind in {"code", "markdown", "raw"}:
            yield Cell(kind=kind, source=_source(node.get("source", "")), metadata=_metadata(node))


def _source(told: object) -> str:
    return "".join(map(str, told)) if isinstance(told, list) else str(told)


def _metadata(node: Mapping[str, Any]) -> Mapping[str, Any]:
    metadata = node.get("metadata")
    return metadata if isinstance(metadata, dict) else {}


def _unix(cell: Cell) -> Cell:
    """Take carriage returns for what an editor put there; `kept.restored` gives a file its own back."""
    source = cell.source.replace("\r\n", "\n").removesuffix("\r")  # its line feed may have been taken
    return Cell(kind=cell.kind, source=source, metadata=cell.metadata)


def _is_module(cell: Cell) -> bool:
    return cell.kind == "code" and cell.source.lstrip("\n").startswith(_MAGIC)


def _module(cell: Cell, *, stripped: bool) -> tuple[str, str]:
    first, _, text = cell.source.lstrip("\n").partition("\n")
    # An editor that takes the last line feed of one cell takes that of all.
    return first.removeprefix(_MAGIC).strip(), f"{text}\n" if stripped and text else text


def _mark(cell: Cell) -> Mapping[str, Any]:
    mark = cell.metadata.get("kernelwright")
    return mark if isinstance(mark, dict) else {}


def _is_set_up(cell: Cell) -> bool:
    return cell.kind == "code" and (_mark(cell).get("file") == CONFIG or cell.source.startswith(_SET_UP))


def _is_generated(cell: Cell, paths: set[str]) -> bool:
    """Tell the set-up cell, the list of modules and the headings from what the author wrote."""
    if _is_set_up(cell) or (cell.kind == "markdown" and _mark(cell).get("file") is not None):
        return True
    heading = _HEADING.match(cell.source)
    listed = cell.source.startswith(_CONTENTS) or _mark(cell).get("file") == CONTENTS
    return cell.kind == "markdown" and (listed or bool(heading and heading[1] in paths))
