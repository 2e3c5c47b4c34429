"""build/rehearsal/report.json: what a rehearsal found, as data."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from kernelwright import files


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run, judged. The fields are the keys of ``runs`` in report.json."""

    phase: str
    mounts: str
    sandbox: str
    verdict: str
    detail: str
    seconds: float
    peak_rss_bytes: int
    memory: Sequence[tuple[float, int]]
    guard: Mapping[str, Any]
    cells: Sequence[Mapping[str, Any]]
    stages: Sequence[Mapping[str, Any]]
    submission: Mapping[str, Any]
    submissions: Sequence[Mapping[str, Any]]
    scores: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class Report:
    """A whole rehearsal."""

    notebook_sha256: str
    runs: Sequence[Run]
    missing: Sequence[str]
    forecast: Mapping[str, Any] | None = field(default=None)

    @property
    def complete(self) -> bool:
        """Whether every run is what Kaggle calls Complete."""
        return all(run.verdict == "Complete" for run in self.runs)


def write(report: Report, file: Path) -> None:
    """Write the report as JSON, in one step."""
    files.replace(file, (json.dumps(asdict(report), indent=1) + "\n").encode("utf-8"))
