"""The rehearsal: build, lay out the input, run both phases, judge, score, report."""

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kernelwright import building, files
from kernelwright.project import Project
from kernelwright.rehearsal import hooks, sandbox, staging, submission, verdict
from kernelwright.rehearsal.desk import Desk, Layout, PhaseName
from kernelwright.rehearsal.report import Report, Run, write
from kernelwright.rehearsal.run import Outcome, run
from kernelwright.rehearsal.sandbox import SandboxName, Setting
from kernelwright.rehearsal.watch import Limits

PHASES: tuple[PhaseName, ...] = ("rerun", "commit")
LAYOUTS: tuple[Layout, ...] = ("old", "new")
_EXPECTED_GUARD = {"rerun": "RERUN", "commit": "COMMIT"}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What to rehearse: on which input, which runs, in which mounts, within which limits."""

    source: Path
    phases: Sequence[PhaseName] = PHASES
    layouts: Sequence[Layout] = LAYOUTS
    limits: Limits = field(default_factory=Limits)
    sandbox: SandboxName | None = None
    """None takes bubblewrap where it works."""

    @property
    def chosen_sandbox(self) -> SandboxName:
        """The sandbox the runs are made in."""
        return self.sandbox or ("bubblewrap" if sandbox.bubblewrap_works() else "process")


def rehearse(project: Project, plan: Plan, tell: Callable[[str], None] = lambda _: None) -> Report:
    """Build the notebook and run it in each phase and layout.

    ``tell`` is called with a line before each step. The report is also written to ``build/rehearsal/report.json``;
    the folders of each run stay in ``build/rehearsal`` until the next rehearsal.
    """
    built = building.build_notebook(project)
    files.replace(project.notebook, built.data)
    home = project.build / "rehearsal"
    shutil.rmtree(home, ignore_errors=True)
    if plan.chosen_sandbox == "process":
        tell(sandbox.PROCESS_ONLY)
    runs, missing = [], []
    for phase in plan.phases:
        # Without /kaggle/input there is but one layout.
        for layout in plan.layouts if plan.chosen_sandbox == "bubblewrap" else plan.layouts[:1]:
            tell(f"running the {phase} phase on {plan.source}, {layout} mounts")
            desk = Desk(folder=home / f"{phase}-{layout}")
            setting = Setting(desk=desk, phase=phase, layout=layout, metadata=project.metadata)
            missing = _stage(project, plan, setting)
            outcome = run(built.data, setting, plan.chosen_sandbox, plan.limits)
            runs.append(_judged(project, plan, setting, outcome))
    report = Report(notebook_sha256=hashlib.sha256(built.data).hexdigest(), runs=runs, missing=missing)
    write(report, home / "report.json")
    return report


def _stage(project: Project, plan: Plan, setting: Setting) -> list[str]:
    """Stage the input; for the commit phase the public one: ``<source>-public``, or the same, padded."""
    public = plan.source.with_name(f"{plan.source.name}-public")
    ready = setting.phase == "commit" and public.is_dir()
    linked = plan.chosen_sandbox == "bubblewrap"
    missing = staging.stage(project, public if ready else plan.source, setting.desk.input, linked=linked)
    if setting.phase == "commit" and not ready:
        staging.make_public(setting.desk.input, project.configuration.public)
    return missing


def _judged(project: Project, plan: Plan, setting: Setting, outcome: Outcome) -> Run:
    desk = setting.desk
    submitted = desk.working / project.configuration.submission
    guard = _noted(desk, "phase.json", {})
    problems = _problems(project, setting, submitted) + _guard_problems(project, setting.phase, guard)
    judged = verdict.judge(outcome, submitted, problems)
    scored = _scored(project, plan.source, desk)
    return Run(
        phase=setting.phase,
        mounts=setting.layout,
        sandbox=plan.chosen_sandbox,
        verdict=judged.word,
        detail=judged.detail,
        seconds=round(outcome.seconds, 3),
        peak_rss_bytes=outcome.watched.peak_bytes,
        memory=outcome.watched.memory,
        guard=guard,
        cells=verdict.cells(outcome.notebook),
        stages=_noted(desk, "stages.json", []),
        submission={"rows": submission.row_count(submitted), "problems": problems},
        submissions=scored,
        scores=scored[-1]["scores"] if scored else {},
    )


def _problems(project: Project, setting: Setting, submitted: Path) -> list[str]:
    folders = (setting.desk.input / slug for slug in project.metadata.competition_sources)
    sample = next((file for folder in folders if (file := folder / project.configuration.sample).is_file()), None)
    if sample is None or not submitted.is_file():
        return []
    left = setting.phase == "rerun" and submitted.read_bytes() == sample.read_bytes()
    stale = ["the submission is still the sample: on hidden data it must be computed"] if left else []
    return stale + submission.problems(submitted, sample)


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
    scores = (hooks.scores(project, desk.record / entry["file"], truth, answer) for entry in written)
    return [{**entry, "scores": score} for entry, score in zip(written, scores, strict=True)]


def _noted(desk: Desk, name: str, otherwise: Any) -> Any:
    file = desk.record / name
    return json.loads(file.read_text("utf-8")) if file.is_file() else otherwise
