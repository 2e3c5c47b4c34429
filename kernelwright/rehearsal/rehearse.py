"""The rehearsal: build the notebook, run it in each phase and layout, then judge, score and compare the runs."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kernelwright.bundle import build
from kernelwright.bundle.build import Notebook
from kernelwright.errors import EnvironmentUnavailable, GitFailed, RehearsalUnderWay
from kernelwright.project.model import Project
from kernelwright.rehearsal import (
    comparison,
    evaluation,
    file_copies,
    history,
    html_report,
    input_folder,
    python_environment,
    resource_limits,
    sandbox,
    wheels_input,
)
from kernelwright.rehearsal import gateway as gateways
from kernelwright.rehearsal import report as reports
from kernelwright.rehearsal.forecast import forecast
from kernelwright.rehearsal.gateway import Gateway
from kernelwright.rehearsal.input_folder import Folders
from kernelwright.rehearsal.progress import Progress, Show
from kernelwright.rehearsal.python_environment import Environment
from kernelwright.rehearsal.report import Report, Run, State
from kernelwright.rehearsal.resource_limits import Limits
from kernelwright.rehearsal.run import Outcome, run
from kernelwright.rehearsal.run_directory import Layout, PhaseName, RunDirectory, RunSpec, SandboxName
from kernelwright.support import file_lock, git, hashing

PHASES: tuple[PhaseName, ...] = ("rerun", "commit")
LAYOUTS: tuple[Layout, ...] = ("old", "new")
Tell = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What to rehearse: the input, the phases, the layouts, and the limits."""

    source: Path
    """The input folder."""
    phases: Sequence[PhaseName] = PHASES
    """Phases in which Kaggle does not run a kernel of this kind are skipped."""
    layouts: Sequence[Layout] = LAYOUTS
    limits: Limits = field(default_factory=Limits)
    sandbox: SandboxName | None = None
    """None for the strongest that works on this machine."""
    folder: Path | None = None
    """Where the report and the folders of the runs go; None for `Project.rehearsal`, build/rehearsal."""
    outputs: Mapping[str, Path] = field(default_factory=dict)
    """Output folders of kernels rehearsed earlier in a chain, by kernel id; mounted where this kernel attaches them."""

    @property
    def chosen_sandbox(self) -> SandboxName:
        """The sandbox that the runs use."""
        return self.sandbox or sandbox.best()

    def steps(self, project: Project) -> list[tuple[PhaseName, Layout]]:
        """Return the phase and the layout of each run, in order."""
        phases = [phase for phase in self.phases if phase in project.phases] or project.phases
        # A plain process has no /kaggle/input, so the layouts would not differ.
        layouts = self.layouts[:1] if self.chosen_sandbox == "process" else self.layouts
        return [(phase, layout) for phase in phases for layout in layouts]


def rehearse(project: Project, plan: Plan, tell: Tell = lambda _: None, show: Show = lambda _: None) -> Report:
    """Build the notebook and run it in each phase and layout.

    ``tell`` is called with a line before each step, ``show`` with the progress of a run several times per second.
    ``report.json`` and ``report.html`` are rewritten before and after each run, so that an interrupted or killed
    rehearsal leaves a report too. The folder of each run stays beside them until the next rehearsal.

    Raises
    ------
    RehearsalUnderWay
        Another process is rehearsing in the same folder.
    """
    wheels_input.ensure(project)
    built = build.build_notebook(project)
    build.write(project, built)
    with hold_folder(plan.folder or project.rehearsal) as folder:
        rehearsal = _Rehearsal(
            project=project,
            plan=plan,
            built=built,
            folder=folder,
            tell=tell,
            show=show,
            report=_first_report(project, plan, built, history.read(folder)),
            gateway=gateways.find(project, plan.source),
        )
        rehearsal.save("running", "the rehearsal is about to start")
        try:
            rehearsal.run_all()
        except KeyboardInterrupt:
            rehearsal.save("interrupted", f"interrupted; {rehearsal.progress}")
            raise
        except BaseException as error:  # whatever it is, the report on disk must not go on saying "running"
            note = f"the rehearsal itself failed; {rehearsal.progress}\n{type(error).__name__}: {error}"
            rehearsal.save("failed", note)
            raise
        return rehearsal.save("ended", "")


@contextmanager
def hold_folder(folder: Path) -> Iterator[Path]:
    """Lock ``folder`` for one rehearsal and empty it; raises `RehearsalUnderWay` if another process holds the lock."""
    busy = f"{folder}: another rehearsal is under way in it; wait for it, or end it"
    # The lock file is beside the folder, because the folder is removed below.
    with file_lock.hold(folder.with_name(f".{folder.name}.lock"), RehearsalUnderWay(busy)):
        # A lock ends with its process. So any process that still records here is a leftover of a killed launcher.
        resource_limits.end_recording(folder)
        file_copies.remove_tree(folder)
        folder.mkdir()
        yield folder


def _first_report(project: Project, plan: Plan, built: Notebook, earlier: list[dict[str, Any]]) -> Report:
    limits, commit = plan.limits, ""
    with suppress(GitFailed):  # a rehearsal needs no commit; a push reports that git failed
        commit = git.commit(project.root)
    return Report(
        state="running",
        note="",
        title=project.metadata.title,
        notebook_sha256=hashing.sha256(built.data),
        notebook_bytes=len(built.data),
        input=plan.source.name,
        limits={"hours": limits.hours, "memory_bytes": limits.memory_bytes, "disk_bytes": limits.disk_bytes},
        started=datetime.now(UTC).isoformat(" ", "seconds").removesuffix("+00:00"),
        commit=commit,
        history=earlier,
        isolation=sandbox.OPEN[plan.chosen_sandbox],
        runs=(),
        files=built.tree.digests,
        wheels=built.wheels,
    )


@dataclass(kw_only=True)
class _Rehearsal:
    """The state of a rehearsal in progress."""

    project: Project
    plan: Plan
    built: Notebook
    folder: Path
    tell: Tell
    show: Show
    report: Report
    gateway: Gateway | None

    def run_all(self) -> None:
        """Make all runs; packages that one run turned out to need are already installed for the next."""
        needed: tuple[str, ...] = ()
        if self.gateway:
            slug, source = self.gateway.folder.name, self.plan.source.name
            none = f"the public data, as there is neither {source}-public nor {source}/{slug}-hidden"
            line = f"the gateway {self.gateway.program} hands out {self.gateway.hidden or none}"
            self.tell(line)
            self.report = replace(self.report, gateway=line)
            needed = self.gateway.distributions(python_environment.image_of(self.project))
        python = python_environment.prepare(self.project, self.built, self.tell, needed)
        self.report = replace(self.report, image=python.image.name, python=python.version)
        for phase, layout in self.plan.steps(self.project):
            self.save("running", f"in the {phase} run, {layout} mounts; {self.progress}")
            python = self.run(phase, layout, python)

    @property
    def progress(self) -> str:
        return f"{len(self.report.runs)} of {len(self.plan.steps(self.project))} runs were done"

    def run(self, phase: PhaseName, layout: Layout, python: Environment) -> Environment:
        """Make a run and add it to the report; return the environment for the next run.

        If a run fails to import a package that the image has, the package is installed and the run is repeated. Such
        an import, of an engine of pandas for example, is in a library and not in the kernel's code, so it was not
        found before.
        """
        directory, mode = RunDirectory.below(self.folder / f"{phase}-{layout}"), self.plan.chosen_sandbox
        where = f"{layout} mounts, sandbox {mode}"
        self.tell(f"running the {phase} phase on {self.plan.source}, {where}; log: {directory.log}")

        def show(progress: Progress) -> None:
            self.show(replace(progress, run=f"{phase}, {layout} mounts"))

        while True:
            spec, missing = self._stage(RunSpec(directory=directory, phase=phase, layout=layout), python)
            outcome = run(self.built.data, spec, mode, self.plan.limits, show)
            larger = self._enlarge(python, outcome)
            if larger is None:
                break
            python = larger
            file_copies.remove_tree(directory.folder)
        done = evaluation.evaluate(self.project, self.plan.source, spec, mode, outcome)
        runs: tuple[Run, ...] = (*self.report.runs, done)
        self.report = replace(
            self.report,
            runs=runs,
            missing=tuple(missing),
            comparison=comparison.compare(runs),
            forecast=forecast.of_report(self.project.configuration.forecast, runs),
        )
        return python

    def _enlarge(self, python: Environment, outcome: Outcome) -> Environment | None:
        """Return an environment with the image's packages that the run missed; None if none can be added."""
        texts = [outcome.log, (outcome.exception or {}).get("text", "")]
        texts += [outcome.gateway.details, outcome.gateway.log] if outcome.gateway else []
        # A package that was already added did not help, so it is not tried again.
        lacking = [name for name in python.lacking("\n".join(texts)) if name not in self.report.added]
        if not lacking:
            return None
        self.tell(f"the image has what the run missed; it is installed and the run repeated: {', '.join(lacking)}")
        try:
            larger = python_environment.prepare(self.project, self.built, self.tell, tuple(lacking))
        except EnvironmentUnavailable as error:
            self.tell(str(error))
            return None
        self.report = replace(self.report, added=(*self.report.added, *lacking))
        return larger

    def _stage(self, spec: RunSpec, python: Environment) -> tuple[RunSpec, list[str]]:
        """Stage the input of a run; return the completed spec and the attached sources that are missing.

        The commit phase of a kernel with a rerun gets public data: ``<source>-public`` if there is such a folder,
        otherwise the same input padded to the number of rows of the public files. If there is a gateway, the notebook
        gets public data in the rerun too, because only the gateway sees the hidden data.
        """
        project, source, directory = self.project, self.plan.source, spec.directory
        gateway = self.gateway if spec.phase == "rerun" else None
        public = source.with_name(f"{source.name}-public")
        plays_public = spec.phase == "commit" and project.kind == "rerun"
        sees_public = plays_public or (gateway and gateway.folder.is_relative_to(public))
        if sees_public and public.is_dir():
            source = public
        read_only = self.plan.chosen_sandbox != "process"
        folders = Folders(source=source, others=self.plan.source, outputs=self.plan.outputs)
        missing = input_folder.stage(project, folders, directory, read_only=read_only)
        if plays_public and source != public:
            input_folder.make_public(directory.input, project.configuration.public)
        wheels_input.stage(project, directory.input, python.version)
        if self.built.dataset:
            input_folder.put_dataset(directory.input / project.configuration.sources_dataset, self.built.dataset)
        # The datasets of wheels and sources are staged by now, even if the input folder lacks them.
        missing = [name for name in missing if not (directory.input / name).is_dir()]
        spec = replace(spec, mounts=input_folder.mounts(project.metadata, directory, spec.layout))
        spec = python_environment.with_interpreter(spec, python)
        if self.gateway:
            spec = replace(spec, shared=directory.folder / "shared")
        if gateway:
            beside = gateway.spec(spec)
            gateway.stage(beside, read_only=read_only)
            spec = replace(spec, gateway=beside)
        return spec, missing

    def save(self, state: State, note: str) -> Report:
        self.report = replace(self.report, state=state, note=note)
        shown = html_report.Gallery()
        reports.write(self.report, self.folder / "report.json")
        if state == "ended":
            if self.plan.folder is None:  # rehearsals of a forecast or of a test are not part of the history
                history.append(self.folder, self.report)
            shown = html_report.gallery(self.project, self.plan.source, self.folder, self.report.runs)
        html_report.write(self.report, self.folder / "report.html", shown)
        return self.report
