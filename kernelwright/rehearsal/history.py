"""The history of rehearsals, one JSON line each, kept beside the folder that each rehearsal empties."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from kernelwright.rehearsal.report import Report
from kernelwright.support import json_text

_SHOWN = 20
"""How many of the latest rehearsals are read."""


def file_of(folder: Path) -> Path:
    """Return the file with the history of the rehearsals in ``folder``."""
    return folder.with_name(f"{folder.name}-history.jsonl")


def read(folder: Path) -> list[dict[str, Any]]:
    """Return the latest rehearsals, oldest first: ``started``, ``commit``, ``complete``, ``scores``."""
    file = file_of(folder)
    lines = file.read_text("utf-8", "replace").splitlines() if file.is_file() else []
    entries = []
    for line in lines[-_SHOWN:]:
        with suppress(ValueError, KeyError, TypeError, AttributeError):  # skip a line that was cut off or edited
            entry = json_text.parse(line)
            scores = {str(name): float(value) for name, value in entry["scores"].items()}
            entries.append({name: entry[name] for name in ("started", "commit", "complete")} | {"scores": scores})
    return entries


def append(folder: Path, report: Report) -> None:
    """Append a rehearsal that ended to the history of ``folder``."""
    entry = {name: getattr(report, name) for name in ("started", "commit", "complete", "scores")}
    with file_of(folder).open("a", encoding="utf-8") as file:
        file.write(json.dumps(entry) + "\n")
