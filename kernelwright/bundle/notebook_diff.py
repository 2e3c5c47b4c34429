"""Compare the notebook and dataset on disk with what would be built, and name what differs."""

from collections.abc import Iterator, Mapping
from typing import Any

from kernelwright.bundle.build import Notebook
from kernelwright.bundle.cells import CONFIG, CONTENTS
from kernelwright.project.model import Project
from kernelwright.support import json_text

_SHOWN = 40  # characters of a cell's first line
_Cell = Mapping[str, Any]


def differences(project: Project, built: Notebook) -> list[str]:
    """Return one line per difference between the files on disk and ``built``; none if the bytes are equal."""
    lines: list[str] = []
    if not project.notebook.is_file():
        lines.append(f"{project.notebook.name}: no such file")
    elif (data := project.notebook.read_bytes()) != built.data:
        lines += _compare(_by_id(data), _by_id(built.data))
        lines = lines or ["the cells are the same, the file's other bytes are not"]
    for name, data in built.dataset.items():
        path = project.dataset / name
        shown = path.relative_to(project.root).as_posix()
        if not path.is_file():
            lines.append(f"no {shown}")
        elif path.read_bytes() != data:
            lines.append(f"{shown} differs")
    return lines


def _by_id(data: bytes) -> dict[str, _Cell]:
    """Return the notebook's cells by id; empty if ``data`` is not a notebook."""
    try:
        cells = json_text.parse(data)["cells"]
        return {str(cell.get("id", index)): cell for index, cell in enumerate(cells)}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}


def _compare(old: Mapping[str, _Cell], new: Mapping[str, _Cell]) -> Iterator[str]:
    """Yield what a build would change: ``+`` added, ``-`` removed and ``~`` changed cells, and the order."""
    if not old:
        yield "not a notebook"
        return
    lines = [f"+ {_name(new[key])}" for key in new if key not in old]
    lines += [f"- {_name(old[key])}" for key in old if key not in new]
    for key, cell in new.items():
        if (before := old.get(key)) is not None:
            same = all(before.get(field) == cell.get(field) for field in ("cell_type", "metadata"))
            is_same = same and _source(before) == _source(cell) and not before.get("outputs")
            lines += [] if is_same else [f"~ {_name(cell)}"]
    yield from dict.fromkeys(lines)  # without duplicates: a module's heading and its code have the same name
    if not lines and list(old) != list(new):
        yield "the cells are in another order"


def _source(cell: _Cell) -> str:
    """Return a cell's source as text, even if it has an invalid type."""
    source = cell.get("source", "")
    return "".join(map(str, source)) if isinstance(source, list) else str(source)


def _name(cell: _Cell) -> str:
    metadata = cell.get("metadata")
    mark = metadata.get("kernelwright") if isinstance(metadata, dict) else None
    mark = mark if isinstance(mark, dict) else {}
    first = _source(cell).strip().partition("\n")[0][:_SHOWN]
    if isinstance(mark.get("driver"), int):
        return f"driver cell {mark['driver'] + 1}: {first}"
    file = str(mark.get("file", f"a cell of no module: {first}"))
    return {CONFIG: "the bootstrap cell", CONTENTS: "the list of modules"}.get(file, file)
