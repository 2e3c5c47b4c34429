"""The rehearsal of these exact bytes."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kernelwright.check.finding import Finding, Severity
from kernelwright.project.model import Project

CHECK = "rehearsal"
_REHEARSE = "run `kernelwright rehearse`"
_PHASES = ("rerun", "commit")


def check(project: Project, sha256: str) -> Iterator[Finding]:
    """Find what keeps the report from vouching for the notebook with this digest."""
    file = project.rehearsal / "report.json"
    place = file.relative_to(project.root).as_posix()
    try:
        report = json.loads(file.read_text("utf-8"))
        runs, rehearsed = [dict(run) for run in report["runs"]], report["notebook_sha256"]
    except OSError:
        yield _found(place, "this notebook was not rehearsed", Severity.unready)
        return
    except (ValueError, KeyError, TypeError, RecursionError):
        yield _found(place, "not a report of a rehearsal", Severity.unready)
        return
    if rehearsed != sha256:
        yield _found(place, "stale: another notebook was rehearsed", Severity.unready)
    else:
        yield from _judged(place, runs)


def _judged(place: str, runs: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    for phase in _PHASES:
        if not any(run.get("phase") == phase for run in runs):
            yield _found(place, f"the {phase} phase was not rehearsed", Severity.unready)
    for run in runs:
        if run.get("verdict") != "Complete":
            detail = next(iter(str(run.get("detail", "")).strip().splitlines()), "")
            problem = f"{run.get('phase')}, {run.get('mounts')} mounts: {run.get('verdict')}: {detail}".rstrip(": ")
            yield _found(place, problem, Severity.error, "mend the kernel and run `kernelwright rehearse`")


def _found(place: str, problem: str, severity: Severity, fix: str = _REHEARSE) -> Finding:
    return Finding(check=CHECK, severity=severity, place=place, problem=problem, fix=fix)
