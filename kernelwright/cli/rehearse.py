"""``kernelwright rehearse``."""

import json
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kernelwright.cli.options import HERE, Folder, Json, Kernel

if TYPE_CHECKING:
    from kernelwright.rehearsal.report import Report, Run


class Phases(StrEnum):
    """Which of Kaggle's two runs to rehearse."""

    both = "both"
    rerun = "rerun"
    commit = "commit"


Input = Annotated[
    Path | None,
    typer.Option("--input", metavar="DIR", help="One folder an attached source.  [default: build/mini]"),
]
Phase = Annotated[Phases, typer.Option("--phase", help="Which run to rehearse.")]


def rehearse(
    project: Folder = HERE,
    kernel: Kernel = "",
    source: Input = None,
    phase: Phase = Phases.both,
    as_json: Json = False,
) -> None:
    """Build the notebook and run it offline, as Kaggle will: the hidden rerun, then the commit."""
    from kernelwright.project import load_project
    from kernelwright.rehearsal import rehearse as rehearsal

    loaded = load_project(project, kernel)
    folder = (source or loaded.build / "mini").resolve()
    phases = [name for name in rehearsal.PHASES if phase in {Phases.both, name}]
    report = rehearsal.rehearse(loaded, folder, phases, tell=_quiet if as_json else print)
    if as_json:
        print(json.dumps(asdict(report), indent=1))
    else:
        _print(report)
        print(f"report: {loaded.build / 'rehearsal' / 'report.json'}")
    if not report.complete:
        raise typer.Exit(1)


def _quiet(_: str) -> None:
    pass


def _print(report: "Report") -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("phase", no_wrap=True)
    for run in report.runs:
        table.add_column(run.phase, overflow="fold")
    columns = [_facts(run) for run in report.runs]
    for label in dict.fromkeys(label for column in columns for label in column):
        table.add_row(label, *(Text(column.get(label, "-")) for column in columns))
    console.print()
    console.print(table)
    if report.missing:
        console.print(f"not in the input folder: {', '.join(report.missing)}")
    for run in report.runs:
        if run.verdict != "Complete":
            console.print(Text(f"\n{run.phase}: {run.verdict}", style="bold red"))
            console.print(Text(run.detail))


def _facts(run: "Run") -> dict[str, str]:
    """Return what the table says of a run, by the label of its line."""
    guard = run.guard
    facts = {"verdict": run.verdict, "seconds": f"{run.seconds:.1f}"}
    if guard:
        smoke = f", {guard['smoke']} smoke queries" if guard["smoke"] else ""
        facts["guard"] = f"{guard['name']}: {'computes' if guard['computes'] else 'copies the sample'}{smoke}"
        facts["why"] = guard["why"]
    facts |= {stage["name"]: f"{stage['seconds']:.1f} s, {stage['count']} items" for stage in run.stages}
    facts["rows"] = str(run.submission["rows"])
    for written in run.submissions:
        facts |= {f"{name}, {written['after']}": f"{value:.4f}" for name, value in written["scores"].items()}
    return facts
