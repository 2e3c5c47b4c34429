"""The rehearsal of these exact bytes."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from kernelwright.check.context import Context
from kernelwright.check.locations import driver_cells
from kernelwright.check.notebook import is_too_large
from kernelwright.check.registry import register
from kernelwright.errors import Problem
from kernelwright.project.model import Project
from kernelwright.support import hashing

CHECK = "rehearsal"
_REHEARSE = "run `kernelwright rehearse`"
_PHASES = ("rerun", "commit")


def report_of(project: Project, notebook: bytes) -> Mapping[str, Any] | None:
    """Return the report of a rehearsal of exactly this notebook, None where there is none."""
    try:
        report = _read(project)
    except (OSError, ValueError):
        return None
    return report if report["notebook_sha256"] == hashing.sha256(notebook) else None


def _read(project: Project) -> Mapping[str, Any]:
    """Read the report there is; raises `OSError`, or `ValueError` for what is no report."""
    try:
        report = json.loads((project.rehearsal / "report.json").read_text("utf-8"))
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    if not isinstance(report, dict) or not isinstance(report.get("notebook_sha256"), str):
        raise ValueError("names no notebook")  # noqa: TRY004 - one error for all that is no report
    runs = report.get("runs")
    if not isinstance(runs, list) or not all(isinstance(run, dict) for run in runs):
        raise ValueError("lists no runs")
    return report


@register(CHECK, Context)
def rehearsal(context: Context) -> Iterator[Problem]:
    """Find what keeps the report from vouching for the notebook."""
    if is_too_large(context):
        return
    file = (context.project.rehearsal / "report.json").relative_to(context.project.root).as_posix()
    if context.report is None:
        code, message = _missing(context.project)
        yield Problem(code=code, file=file, message=message, fix=_REHEARSE)
        return
    if context.report.get("state", "ended") != "ended":
        message = f"the rehearsal has not ended: {context.report['state']}"
        yield Problem(code="KW914", file=file, message=message, fix=_REHEARSE)
    runs = context.report["runs"]
    for phase in _PHASES:
        if not any(run.get("phase") == phase for run in runs):
            yield Problem(code="KW915", file=file, message=f"the {phase} phase was not rehearsed", fix=_REHEARSE)
    for run in runs:
        if run.get("verdict") != "Complete":
            detail = next(iter(str(run.get("detail", "")).strip().splitlines()), "")
            parts = (
                f"{run.get('phase')}, {run.get('mounts')} mounts",
                run.get("verdict"),
                _failure(context, run),
                detail,
            )
            message = ": ".join(str(part) for part in parts if part)
            yield Problem(code="KW916", file=file, message=message, fix=f"fix the kernel and {_REHEARSE}")


def _failure(context: Context, run: Mapping[str, Any]) -> str:
    """Return where the cell that failed stands in the author's files, empty where the report does not say."""
    cells = run.get("cells")
    failed = (
        [cell.get("id") for cell in cells if isinstance(cell, dict) and cell.get("failed")]
        if isinstance(cells, list)
        else []
    )
    driver = context.project.configuration.driver
    lines = (
        f"{driver}:{line}" for cell, line in driver_cells(context.project, context.built.cells) if cell.id in failed
    )
    return next(lines, "")


def _missing(project: Project) -> tuple[str, str]:
    try:
        _read(project)
    except OSError:
        return "KW911", "this notebook was not rehearsed"
    except ValueError:
        return "KW912", "not a report of a rehearsal"
    return "KW913", "stale: another notebook was rehearsed"


def ran_offline(context: Context | None) -> bool:
    """Return whether a rehearsal of exactly these bytes was Complete in every phase and asked for no host."""
    if context is None or context.report is None or any(rehearsal(context)):
        return False
    return all(run.get("hosts") == [] for run in context.report["runs"])
