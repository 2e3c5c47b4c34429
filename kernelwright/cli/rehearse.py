"""``kernelwright rehearse``."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from kernelwright.cli import render
from kernelwright.cli.options import HERE, Folder, Json, Kernel
from kernelwright.rehearsal.run_directory import SandboxName

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rich.table import Table

    from kernelwright.project.model import Project
    from kernelwright.rehearsal.report import Report, Run

Input = Annotated[
    Path | None,
    typer.Option("--input", metavar="DIR", help="One folder per attached source.", show_default="build/mini"),
]
Phase = Annotated[Literal["both", "rerun", "commit"], typer.Option("--phase", help="The phase to rehearse.")]
Layouts = Annotated[Literal["old", "new", "both"], typer.Option("--mounts", help="The mount layout of the inputs.")]
Isolation = Annotated[
    SandboxName | None,
    typer.Option("--sandbox", help="The sandbox of the runs.", show_default="the strongest that works"),
]
Hours = Annotated[float | None, typer.Option("--hours", help="Time limit.", show_default="forecast.limit_hours")]
Memory = Annotated[float, typer.Option("--memory", metavar="GB", help="Memory limit.")]
Disk = Annotated[float, typer.Option("--disk", metavar="GB", help="Limit of the working folder.")]
Chain = Annotated[bool, typer.Option("--chain", help="First rehearse the project's kernels whose output it attaches.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print only the outcome.")]


def rehearse(
    project: Folder = HERE,
    kernel: Kernel = "",
    source: Input = None,
    phase: Phase = "both",
    mounts: Layouts = "both",
    sandbox: Isolation = None,
    hours: Hours = None,
    memory: Memory = 30,
    disk: Disk = 20,
    is_chain: Chain = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Build the notebook and run it offline, as Kaggle will: the hidden rerun, then the commit."""
    from kernelwright.project.model import load_project
    from kernelwright.rehearsal import chain
    from kernelwright.rehearsal import rehearse as rehearsal
    from kernelwright.rehearsal.resource_limits import GB, Limits

    loaded = load_project(project, kernel)

    def rehearse_kernel(rehearsed: "Project", outputs: "Mapping[str, Path]") -> "Report":
        limit = rehearsed.configuration.forecast.limit_hours if hours is None else hours
        plan = rehearsal.Plan(
            source=(source or rehearsed.default_input).resolve(),
            phases=[name for name in rehearsal.PHASES if phase in {"both", name}],
            layouts=[name for name in rehearsal.LAYOUTS if mounts in {"both", name}],
            sandbox=sandbox,
            limits=Limits(hours=limit, memory_bytes=int(memory * GB), disk_bytes=int(disk * GB)),
            outputs=outputs,
        )
        if as_json:
            return rehearsal.rehearse(rehearsed, plan)
        with render.Live(plan.limits.memory_bytes, quiet=quiet) as live:
            if is_chain:
                live.tell(f"kernel {rehearsed.metadata.id}")
            report = rehearsal.rehearse(rehearsed, plan, tell=live.tell, show=live.show)
        _print(report)
        print(f"\nreport: {rehearsed.rehearsal / 'report.html'}")
        return report

    kernels = chain.order(loaded, (source or loaded.default_input).resolve()) if is_chain else [loaded]
    reports = chain.rehearse_chain(kernels, rehearse_kernel)
    if as_json:
        shown = [asdict(report) for report in reports]
        print(json.dumps(shown if is_chain else shown[0], indent=1))
    if not_rehearsed := ", ".join(waiting.metadata.id for waiting in kernels[len(reports) :]):
        print(f"not rehearsed, as {kernels[len(reports) - 1].metadata.id} failed: {not_rehearsed}", file=sys.stderr)
    if not reports[-1].complete:
        raise typer.Exit(1)


def _print(report: "Report") -> None:
    console = render.console()
    console.print(_table(report))
    for line, style in _remarks(report):
        console.print(render.text(line, style=style))
    for run in report.runs:
        where = f"{run.phase}, {run.mounts} mounts"
        if not run.complete:
            console.print(render.text(f"\n{where}: {run.verdict}", style="bold red"))
            console.print(render.text(run.detail))
        if run.score_problem:
            console.print(render.text(f"\n{where}: no score", style="bold red"))
            console.print(render.text(run.score_problem))


def _remarks(report: "Report") -> "Iterator[tuple[str, str]]":
    """Yield what concerns all runs, with its style."""
    for why in dict.fromkeys(f"{run.phase}: {run.guard['why']}" for run in report.runs if run.guard):
        yield why, ""
    yield report.circumstances, ""
    if report.isolation:
        yield f"not isolated: {report.isolation}", "yellow"
    if report.single_layout:
        yield report.single_layout, "yellow"
    if report.missing:
        yield f"not in the input folder: {', '.join(report.missing)}", ""
    for claim in report.comparison:
        if not claim.holds:
            yield f"not so: {claim.says}; {claim.detail}", "bold red"
    if prediction := report.forecast:
        fits = "within" if prediction["fits"] else "over"
        hours = f"{prediction['hours']:.2f} h, {fits} the limit of {prediction['limit_hours']:g} h"
        yield f"the hidden rerun: {hours}; {prediction['source']}", ""
    if report.added:
        yield f"taken from the image when an import failed: {', '.join(report.added)}", ""


def _table(report: "Report") -> "Table":
    from rich.table import Table

    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0), title="")
    table.add_column("phase\nmounts", no_wrap=True)
    for run in report.runs:
        table.add_column(f"{run.phase}\n{run.mounts}", overflow="fold")
    columns = [_facts(run) for run in report.runs]
    for label in dict.fromkeys(label for column in columns for label in column):
        table.add_row(label, *(render.text(column.get(label, "-")) for column in columns))
    return table


def _facts(run: "Run") -> dict[str, str]:
    """Return what the table says of a run, by the label of its line."""
    facts = {"verdict": run.verdict}
    if run.guard:
        facts["guard"] = run.guard_decision
    facts["time"] = f"{run.seconds:.1f} s"
    for stage in run.stages:
        left = f", {stage['left']} left out of time" if stage.get("left") else ""
        facts[f"  {stage['name']}"] = f"{stage['seconds']:.1f} s, {stage['count']} items{left}"
    facts["peak memory"] = f"{run.peak_rss_bytes / 1e9:.2f} GB"
    if run.submission["rows"]:
        facts["rows"] = str(run.submission["rows"])
    for written in run.submissions:
        after = f", {written['after']}" if written["after"] else ""
        facts |= {f"{name}{after}": f"{value:.4f}" for name, value in written["scores"].items()}
    return facts
