"""The rehearsal: build, lay out the input, run both phases, judge, score, compare, report."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kernelwright.bundle import build
from kernelwright.bundle.build import Notebook
from kernelwright.errors import EnvironmentUnavailable
from kernelwright.project.model import Project
from kernelwright.rehearsal import (
    comparison,
    environment,
    evaluation,
    html_report,
    input_folder,
    rehearsal_directory,
    sandbox,
    wheels_input,
)
from kernelwright.rehearsal import report as reports
from kernelwright.rehearsal.environment import Environment
from kernelwright.rehearsal.forecast import forecast
from kernelwright.rehearsal.report import Report, Run, State
from kernelwright.rehearsal.resource_limits import Limits
from kernelwright.rehearsal.run import run
from kernelwright.rehearsal.run_directory import Desk, Layout, PhaseName
from kernelwright.rehearsal.sandbox import SandboxName, Setting

PHASES: tuple[PhaseName, ...] = ("rerun", "commit")
LAYOUTS: tuple[Layout, ...] = ("old", "new")
Tell = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What to rehearse: on which input, which runs, in which mounts, within which limits."""

    source: Path
    phases: Sequence[PhaseName] = PHASES
    layouts: Sequence[Layout] = LAYOUTS
    limits: Limits = field(default_factory=Limits)
    sandbox: SandboxName | None = None
    """None takes bubblewrap where it works."""
    folder: Path | None = None
    """Where the report and the folders of the runs go; None for build/rehearsal."""

    @property
    def chosen_sandbox(self) -> SandboxName:
        """The sandbox the runs are made in."""
        return self.sandbox or ("bubblewrap" if sandbox.bubblewrap_works() else "process")

    @property
    def steps(self) -> list[tuple[PhaseName, Layout]]:
        """The runs in order. Without /kaggle/input there is but one layout."""
        layouts = self.layouts if self.chosen_sandbox == "bubblewrap" else self.layouts[:1]
        return [(phase, layout) for phase in self.phases for layout in layouts]


def rehearse(project: Project, plan: Plan, tell: Tell = lambda _: None) -> Report:
    """Build the notebook and run it in each phase and layout.

    ``tell`` is called with a line before each step. The report is kept up to date in ``report.json`` and
    ``report.html``, so that also a rehearsal that was interrupted or killed has left one; the folders of each run stay
    beside them until the next rehearsal.

    Raises
    ------
    RehearsalUnderWay
        Another process rehearses this project.
    """
    wheels_input.ensure(project)
    built = build.build_notebook(project)
    build.write(project, built)
    with rehearsal_directory.occupied(plan.folder or project.rehearsal) as folder:
        return _Rehearsal(project=project, plan=plan, built=built, folder=folder, tell=tell).run()


@dataclass(kw_only=True)
class _Rehearsal:
    project: Project
    plan: Plan
    built: Notebook
    folder: Path
    tell: Tell
    runs: list[Run] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    added: list[str] = field(default_factory=list)
    environment: Environment = field(init=False)

    def run(self) -> Report:
        try:
            self._save("running", "the rehearsal is about to start")
            self._run_all()
        except KeyboardInterrupt:
            self._save("interrupted", f"interrupted; {self._progress()}")
            raise
        except BaseException as error:
            self._save("failed", f"the rehearsal itself failed; {self._progress()}\n{type(error).__name__}: {error}")
            raise
        return self._save("ended", "")

    def _run_all(self) -> None:
        self.environment = environment.prepare(self.project, self.built, self.tell)
        if self.plan.chosen_sandbox == "process":
            self.tell(sandbox.PROCESS_ONLY)
        for phase, layout in self.plan.steps:
            self._save("running", f"in the {phase} run, {layout} mounts; {self._progress()}")
            self.tell(f"running the {phase} phase on {self.plan.source}, {layout} mounts")
            desk = Desk(folder=self.folder / f"{phase}-{layout}")
            setting = Setting(desk=desk, phase=phase, layout=layout, metadata=self.project.metadata)
            self.runs.append(self._run(setting))

    def _run(self, setting: Setting) -> Run:
        """Run, and run again while something of the image was missed that could not be known before."""
        name = self.plan.chosen_sandbox
        while True:
            self.missing = _stage(self.project, self.plan, setting, self.environment.version, self.built.dataset)
            own = environment.with_interpreter(setting, self.environment)
            outcome = run(self.built.data, own, name, self.plan.limits)
            raised = (outcome.exception or {}).get("text", "")
            lacking = self.environment.lacking(f"{outcome.log}\n{raised}")
            if not (lacking and self._added(lacking)):
                return evaluation.judged(self.project, self.plan.source, own, name, outcome)
            rehearsal_directory.sweep(setting.desk.folder)

    def _added(self, names: tuple[str, ...]) -> bool:
        """Install what the image has and a run missed; return whether that was possible."""
        self.tell(f"the image has what the run missed, so it is installed and the run repeated: {', '.join(names)}")
        try:
            self.environment = environment.prepare(self.project, self.built, self.tell, names)
        except EnvironmentUnavailable as error:
            self.tell(str(error))
            return False
        self.added += names
        return True

    def _progress(self) -> str:
        return f"{len(self.runs)} of {len(self.plan.steps)} runs were done"

    def _save(self, state: State, note: str) -> Report:
        report, shown = self._report(state, note), html_report.Gallery()
        reports.write(report, self.folder / "report.json")
        if state == "ended":
            shown = html_report.gallery(self.project, self.plan.source, self.folder, self.runs)
        html_report.write(report, self.folder / "report.html", shown)
        return report

    def _report(self, state: State, note: str) -> Report:
        limits = self.plan.limits
        return Report(
            state=state,
            note=note,
            title=self.project.metadata.title,
            notebook_sha256=hashlib.sha256(self.built.data).hexdigest(),
            notebook_bytes=len(self.built.data),
            input=self.plan.source.name,
            limits={"hours": limits.hours, "memory_bytes": limits.memory_bytes, "disk_bytes": limits.disk_bytes},
            runs=tuple(self.runs),
            comparison=comparison.compare(self.runs),
            missing=tuple(self.missing),
            added=tuple(self.added),
            forecast=forecast.of_report(self.project.configuration.forecast, self.runs),
            files=self.built.tree.digests,
            wheels=build.wheels(self.project).get("wheels", {}),
        )


def _stage(project: Project, plan: Plan, setting: Setting, python: str, sources: Mapping[str, bytes]) -> list[str]:
    """Stage the input; for the commit phase the public one: ``<source>-public``, or the same, padded.

    ``sources`` is the dataset that carries the tree, empty where the notebook does.
    """
    public = plan.source.with_name(f"{plan.source.name}-public")
    ready = setting.phase == "commit" and public.is_dir()
    linked = plan.chosen_sandbox == "bubblewrap"
    missing = input_folder.stage(project, public if ready else plan.source, setting.desk.input, linked=linked)
    if setting.phase == "commit" and not ready:
        input_folder.make_public(setting.desk.input, project.configuration.public)
    wheels_input.stage(project, setting.desk.input, python)
    if sources:
        input_folder.put_dataset(setting.desk.input / project.configuration.sources_dataset, sources)
    return [slug for slug in missing if not (setting.desk.input / slug).is_dir()]
