"""What on disk is not what would be built: the cells and modules, by name."""

from collections.abc import Iterator, Mapping
from typing import Any

from kernelwright.bundle.build import Notebook
from kernelwright.bundle.cells import CONFIG, CONTENTS
from kernelwright.project.model import Project
from kernelwright.support import json_text

_SHOWN = 40  # characters of a cell's first line


def differences(project: Project, built: Notebook) -> list[str]:
    """Return a line per way in which the files on disk differ from ``built``; none when they are its bytes."""
    lines = [*_notebook_differences(project, built)]
    for name, data in built.dataset.items():
        path = project.dataset / name
        shown = path.relative_to(project.root).as_posix()
        if not path.is_file():
            lines.append(f"no {shown}")
        elif path.read_bytes() != data:
            lines.append(f"{shown} differs")
    return lines


def _notebook_differences(project: Project, built: Notebook) -> Iterator[str]:
    if not project.notebook.is_file():
        yield f"{project.notebook.name}: no such file"
        return
    data = project.notebook.read_bytes()
    if data != built.data:
        lines = list(_compare(_by_id(data), _by_id(built.data)))
        yield from lines or ["the cells are the same, the file's other bytes are not"]


def _by_id(data: bytes) -> dict[str, Mapping[str, Any]]:
    try:
        cells = json_text.parse(data)["cells"]
        return {str(cell.get("id", index)): cell for index, cell in enumerate(cells)}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}


def _compare(old: Mapping[str, Mapping[str, Any]], new: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Yield what building would change: + new, - gone, ~ other content, and the order."""
    if not old:
        yield "not a notebook"
        return
    # A module's heading and its code go by one name: each line is told once.
    lines = dict.fromkeys(f"+ {_name(new[key])}" for key in new if key not in old)
    lines |= dict.fromkeys(f"- {_name(old[key])}" for key in old if key not in new)
    lines |= dict.fromkeys(f"~ {_name(new[key])}" for key in new if key in old and not _same(old[key], new[key]))
    yield from lines
    if not lines and list(old) != list(new):
        yield "the cells are in another order"


def _same(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    same = all(old.get(key) == new.get(key) for key in ("cell_type", "metadata"))
    return same and _source(old) == _source(new) and not old.get("outputs")


def _source(cell: Mapping[str, Any]) -> str:
    """Return a cell's text, whatever somebody put in its place."""
    source = cell.get("source", "")
    return "".join(map(str, source)) if isinstance(source, list) else str(source)


def _name(cell: Mapping[str, Any]) -> str:
    metadata = cell.get("metadata")
    mark = metadata.get("kernelwright") if isinstance(metadata, dict) else None
    mark = mark if isinstance(mark, dict) else {}
    first = _source(cell).strip().partition("\n")[0][:_SHOWN]
    if isinstance(mark.get("driver"), int):
        return f"driver cell {mark['driver'] + 1}: {first}"
    names = {CONFIG: "the bootstrap cell", CONTENTS: "the list of modules"}
    file = str(mark.get("file", f"a cell of no module: {first}"))
    return names.get(file, file)
