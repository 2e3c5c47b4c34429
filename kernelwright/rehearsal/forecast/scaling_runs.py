"""Runs of several sizes, for the forecast: the rerun on samples of the input."""

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from kernelwright.errors import NoForecast
from kernelwright.project.model import Project
from kernelwright.rehearsal import sample
from kernelwright.rehearsal.forecast.forecast import Timed
from kernelwright.rehearsal.rehearse import Plan, rehearse
from kernelwright.rehearsal.verdict import COMPLETE


def measure(project: Project, plan: Plan, rows: Sequence[int], tell: Callable[[str], None]) -> list[Timed]:
    """Rehearse the rerun on samples of that many rows, in build/forecast.

    Raises
    ------
    NoForecast
        A run is not Complete.
    """
    home = project.build / "forecast"
    timed = []
    for count in rows:
        shutil.rmtree(home / f"input-{count}", ignore_errors=True)
        sample.sample(project, plan.source, home / f"input-{count}", count)
        asked = replace(plan, source=home / f"input-{count}", phases=["rerun"], folder=home / f"rows-{count}")
        (run,) = rehearse(project, replace(asked, layouts=plan.layouts[:1]), tell).runs
        if not run.complete:
            raise NoForecast(f"the run on {count} rows is no measure: {run.verdict}\n{run.detail}")
        timed.append(Timed(stages=run.stages, seconds=run.seconds))
    return timed


def rehearsed(project: Project) -> list[Timed]:
    """Return the complete runs of the last rehearsal; none where there was none."""
    file = project.rehearsal / "report.json"
    runs = _runs(file) if file.is_file() else []
    return [Timed(stages=run["stages"], seconds=run["seconds"]) for run in runs if run["verdict"] == COMPLETE]


def _runs(file: Path) -> list[dict[str, Any]]:
    try:
        runs: list[dict[str, Any]] = json.loads(file.read_text("utf-8"))["runs"]
    except (ValueError, KeyError, TypeError) as error:
        raise NoForecast(f"{file}: not a report; rehearse again") from error
    return runs
