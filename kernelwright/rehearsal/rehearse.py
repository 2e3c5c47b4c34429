"""The rehearsal: build, lay out the input, run both phases, judge, score, report."""

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from kernelwright import building, files
from kernelwright.project import Project
from kernelwright.rehearsal import hooks, staging, verdict
from kernelwright.rehearsal.report import Report, Run, write
from kernelwright.rehearsal.run import Desk, Outcome, PhaseName, run

PHASES: tuple[PhaseName, ...] = ("rerun", "commit")
_EXPECTED_GUARD = {"rerun": "RERUN", "commit": "COMMIT"}


def rehearse(
    project: Project,
    source: Path,
    phases: Sequence[PhaseName] = PHASES,
    tell: Callable[[str], None] = lambda _: None,
) -> Report:
    """Build the notebook and run it in each phase on the input folder ``source``.

    ``tell`` is called with a line before each step. The report is also written to ``build/rehearsal/report.json``;
    the folders of each run stay in ``build/rehearsal/<phase>`` until the next rehearsal.
    """
    built = building.build_notebook(project)
    files.replace(project.notebook, built.data)
    home = project.build / "rehearsal"
    shutil.rmtree(home, ignore_errors=True)
    runs, missing = [], []
    for phase in phases:
        tell(f"running the {phase} phase on {source}")
        desk = Desk(folder=home / phase)
        missing = _stage(project, source, desk, phase)
        runs.append(_judged(project, source, desk, phase, run(built.data, desk, phase)))
    digest = hashlib.sha256(built.data).hexdigest()
    report = Report(notebook_sha256=digest, runs=runs, missing=missing)
    write(report, home / "report.json")
    return report


def _stage(project: Project, source: Path, desk: Desk, phase: PhaseName) -> list[str]:
    """Stage the input; for the commit phase the public one: ``<source>-public``, or the same, padded."""
    public = source.with_name(f"{source.name}-public")
    ready = phase == "commit" and public.is_dir()
    missing = staging.stage(project, public if ready else source, desk.input)
    if phase == "commit" and not ready:
        staging.make_public(desk.input, project.configuration.public)
    return missing


def _judged(project: Project, source: Path, desk: Desk, phase: PhaseName, outcome: Outcome) -> Run:
    submission = desk.working / project.configuration.submission
    guard = _noted(desk, "phase.json", {})
    problems = _problems(project, desk, submission) + _guard_problems(project, phase, guard)
    judged = verdict.judge(outcome, submission, problems)
    scored = _scored(project, source, desk)
    return Run(
        phase=phase,
        mounts="old",
        sandbox="process",
        verdict=judged.word,
        detail=judged.detail,
        seconds=round(outcome.seconds, 3),
        peak_rss_bytes=outcome.peak_rss_bytes,
        guard=guard,
        cells=verdict.cells(outcome.notebook),
        stages=_noted(desk, "stages.json", []),
        submission={"rows": _rows(submission), "problems": problems},
        submissions=scored,
        scores=scored[-1]["scores"] if scored else {},
    )


def _problems(project: Project, desk: Desk, submission: Path) -> list[str]:
    samples = (desk.input / slug / project.configuration.sample for slug in project.metadata.competition_sources)
    sample = next((path for path in samples if path.is_file()), None)
    return verdict.submission_problems(submission, sample) if sample and submission.is_file() else []


def _guard_problems(project: Project, phase: PhaseName, guard: Mapping[str, Any]) -> list[str]:
    """Compare the guard's choice with the phase, where the kernel asked it and the public data is declared."""
    if not guard or not project.configuration.public or guard["name"] == _EXPECTED_GUARD[phase]:
        return []
    return [f"the guard took the {phase} run for {guard['name']}: {guard['why']}"]


def _scored(project: Project, source: Path, desk: Desk) -> list[dict[str, Any]]:
    """Score every submission the run wrote, outside of it, where there is a truth and a hook for it."""
    truths = (source / slug / staging.TRUTH for slug in project.metadata.competition_sources)
    truth = next((path for path in truths if path.is_file()), None)
    written: list[dict[str, Any]] = _noted(desk, "submissions.json", [])
    if truth is None or not project.configuration.score:
        return [{**entry, "scores": {}} for entry in written]
    answer = desk.folder / "score.json"
    return [{**entry, "scores": hooks.scores(project, desk.record / entry["file"], truth, answer)} for entry in written]


def _noted(desk: Desk, name: str, otherwise: Any) -> Any:
    file = desk.record / name
    return json.loads(file.read_text("utf-8")) if file.is_file() else otherwise


def _rows(submission: Path) -> int:
    return max(0, len(submission.read_text("utf-8").splitlines()) - 1) if submission.is_file() else 0
