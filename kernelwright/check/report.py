"""build/rehearsal/report.json, as far as a check reads it."""

import json
from dataclasses import dataclass
from typing import Any

from kernelwright.project import parsing
from kernelwright.project.model import Project


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run; ``hosts`` that it asked for are None where an older version wrote the report."""

    phase: str
    mounts: str
    verdict: str
    detail: str = ""
    cells: tuple[dict[str, Any], ...] = ()
    hosts: tuple[str, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class Report:
    """A rehearsal of the notebook with this digest; it is over where ``state`` is ``ended``."""

    notebook_sha256: str
    runs: tuple[Run, ...]
    state: str = "ended"


def read(project: Project) -> Report:
    """Read the report of the last rehearsal; raises `OSError`, and `ValueError` for what is none."""
    file = project.rehearsal / "report.json"
    try:
        data = json.loads(file.read_text("utf-8"))
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    return parsing.parse(Report, data, file=file.name)
