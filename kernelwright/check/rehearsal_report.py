"""Read build/rehearsal/report.json, for checks, forecasts and kernels that attach another kernel's output."""

from dataclasses import dataclass
from typing import Any

from kernelwright.errors import InvalidProject
from kernelwright.project import parsing
from kernelwright.project.model import Project
from kernelwright.support import json_text


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run. ``hosts``, which it tried to reach, is None if an older version wrote the report."""

    phase: str
    mounts: str
    verdict: str
    detail: str = ""
    cells: tuple[dict[str, Any], ...] = ()
    hosts: tuple[str, ...] | None = None
    stages: tuple[dict[str, Any], ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A statement about all runs, and whether it holds."""

    says: str
    holds: bool
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Report:
    """A rehearsal of the notebook with this digest; it is finished if ``state`` is ``ended``."""

    notebook_sha256: str
    runs: tuple[Run, ...]
    state: str = "ended"
    comparison: tuple[Claim, ...] = ()


def read(project: Project) -> Report:
    """Read the last rehearsal's report.

    Raises `OSError` if it cannot be read, and `ValueError` if the file is not a report.
    """
    file = project.rehearsal / "report.json"
    data = json_text.parse(file.read_text("utf-8"))
    try:
        return parsing.parse(Report, data, file=file.name)
    except InvalidProject as error:  # raised by the parser, but the project is valid: only this file is not
        raise ValueError(str(error)) from None
