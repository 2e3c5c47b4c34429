"""What on disk is not what would be built: the cells and modules, by name."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from kernelwright.bundle.build import Notebook
from kernelwright.bundle.cells import CONFIG, CONTENTS
from kernelwright.project.model import Project

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
        cells = json.loads(data)["cells"]
        return {str(cell.get("id", index)): cell for index, cell in enumerate(cells)}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
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
    return all("".join(old.get(key, "")) == "".join(new.get(key, "")) for key in ("source", "cell_type")) and (
        old.get("metadata") == new.get("metadata") and not old.get("outputs")
    )


def _name(cell: Mapping[str, Any]) -> str:
    mark = cell.get("metadata", {}).get("kernelwright", {})
    first = "".join(cell.get("source", "")).strip().partition("\n")[0][:_SHOWN]
    if "driver" in mark:
        return f"driver cell {mark['driver'] + 1}: {first}"
    names = {CONFIG: "the bootstrap cell", CONTENTS: "the list of modules"}
    file = str(mark.get("file", f"a cell of no module: {first}"))
    return names.get(file, file)
