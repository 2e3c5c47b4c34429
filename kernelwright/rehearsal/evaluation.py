"""From how a run ended to what the report says of it."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kernelwright.project.model import Project
from kernelwright.rehearsal import hooks, input_folder, submission_check, verdict
from kernelwright.rehearsal.report import Run
from kernelwright.rehearsal.run import Outcome
from kernelwright.rehearsal.run_directory import Desk, PhaseName
from kernelwright.rehearsal.sandbox import SandboxName, Setting

_EXPECTED_GUARD = {"rerun": "RERUN", "commit": "COMMIT"}


def judged(project: Project, source: Path, setting: Setting, sandbox: SandboxName, outcome: Outcome) -> Run:
    """Judge a run, check its submission against the sample, and score all it wrote."""
    desk = setting.desk
    submitted = desk.working / project.configuration.submission[0]
    sample = _sample(project, desk)
    guard = _guard(project, setting.phase, _noted(desk, "phase.json", {}))
    left = sample is not None and submitted.is_file() and submitted.read_bytes() == sample.read_bytes()
    problems = _problems(setting.phase, submitted, sample, left=left) + _guard_problems(setting.phase, guard)
    word = verdict.judge(outcome, submitted, problems)
    scored = _scored(project, source, desk)
    held = {"is_sample": left, "sample_sha256": _digest(sample)}
    return Run(
        phase=setting.phase,
        mounts=setting.layout,
        sandbox=sandbox,
        verdict=word.word,
        detail=word.detail,
        seconds=round(outcome.seconds, 3),
        peak_rss_bytes=outcome.watched.peak_bytes,
        memory=outcome.watched.memory,
        guard=guard,
        cells=verdict.cells(outcome.notebook),
        stages=_noted(desk, "stages.json", []),
        submission=submission_check.facts(submitted, problems) | held,
        submissions=scored,
        scores=scored[-1]["scores"] if scored else {},
        hosts=outcome.hosts,
    )


def _sample(project: Project, desk: Desk) -> Path | None:
    folders = (desk.input / slug for slug in project.metadata.competition_sources)
    return next((file for folder in folders if (file := folder / project.configuration.sample).is_file()), None)


def _digest(file: Path | None) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest() if file else ""


def _problems(phase: PhaseName, submitted: Path, sample: Path | None, *, left: bool) -> list[str]:
    if sample is None or not submitted.is_file():
        return []
    stale = ["the submission is still the sample: on hidden data it must be computed"]
    return stale * (left and phase == "rerun") + submission_check.problems(submitted, sample)


def _guard(project: Project, phase: PhaseName, guard: Mapping[str, Any]) -> dict[str, Any]:
    """Add whether the choice is right; where no public data is declared, any is."""
    if not guard:
        return {}
    return {**guard, "right": not project.configuration.public or guard["name"] == _EXPECTED_GUARD[phase]}


def _guard_problems(phase: PhaseName, guard: Mapping[str, Any]) -> list[str]:
    if not guard or guard["right"]:
        return []
    return [f"the guard took the {phase} run for {guard['name']}: {guard['why']}"]


def truth_of(project: Project, source: Path) -> Path | None:
    """Return the truth of an input folder, None where there is none."""
    truths = (source / slug / input_folder.TRUTH for slug in project.metadata.competition_sources)
    return next((path for path in truths if path.is_file()), None)


def _scored(project: Project, source: Path, desk: Desk) -> list[dict[str, Any]]:
    """Score every submission the run wrote, outside of it, where there is a truth and a hook for it."""
    truth = truth_of(project, source)
    written: list[dict[str, Any]] = _noted(desk, "submissions.json", [])
    if truth is None or not project.configuration.score:
        return [{**entry, "scores": {}} for entry in written]
    answer = desk.folder / "score.json"
    scores = (hooks.scores(project, desk.record / entry["file"], truth, answer) for entry in written)
    return [{**entry, "scores": score} for entry, score in zip(written, scores, strict=True)]


def _noted(desk: Desk, name: str, otherwise: Any) -> Any:
    """Read what the kernel left in its record; it may have been killed in the middle, or have meddled with it."""
    try:
        return json.loads((desk.record / name).read_text("utf-8"))
    except (OSError, ValueError):
        return otherwise
