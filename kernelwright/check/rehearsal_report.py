"""build/rehearsal/report.json, read again: by checks, a forecast, and kernels that attach another's output."""

from dataclasses import dataclass
from typing import Any

from kernelwright.errors import InvalidProject
from kernelwright.project import parsing
from kernelwright.project.model import Project
from kernelwright.support import json_text


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run; ``hosts`` that it asked for are None where an older version wrote the report."""

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
    """Something that should hold over all runs."""

    says: str
    holds: bool
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Report:
    """A rehearsal of the notebook with this digest; it is over where ``state`` is ``ended``."""

    notebook_sha256: str
    runs: tuple[Run, ...]
    state: str = "ended"
    comparison: tuple[Claim, ...] = ()


def read(project: Project) -> Report:
    """Read the report of the last rehearsal; raises `OSError`, and `ValueError` for what is none."""
    file = project.rehearsal / "report.json"
    data = json_text.parse(file.read_text("utf-8"))
    try:
        return parsing.parse(Report, data, file=file.name)
    except InvalidProject as error:  # the project is as it should be; this file is not
        raise ValueError(str(error)) from None
