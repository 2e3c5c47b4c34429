"""``kernelwright forecast``."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kernelwright.cli import render
from kernelwright.cli.options import HERE, Folder, Json, Kernel

if TYPE_CHECKING:
    from kernelwright.rehearsal.forecast.forecast import Forecast

Logs = Annotated[
    list[Path] | None,
    typer.Option("--from-log", metavar="FILE", help="A Kaggle log whose times to use; may be repeated."),
]
Sizes = Annotated[
    list[int] | None,
    typer.Option(
        "--rows", min=1, help="Run on a sample of this size; give at least two.", show_default="the last rehearsal"
    ),
]
Input = Annotated[
    Path | None, typer.Option("--input", metavar="DIR", help="The input folder to sample.", show_default="build/mini")
]


def forecast(
    project: Folder = HERE,
    kernel: Kernel = "",
    from_log: Logs = None,
    rows: Sizes = None,
    source: Input = None,
    as_json: Json = False,
) -> None:
    """Estimate how long the hidden rerun will take, and whether that is within the limit."""
    from kernelwright.project.model import load_project
    from kernelwright.rehearsal import scaling_runs
    from kernelwright.rehearsal.forecast import forecast as forecasting
    from kernelwright.rehearsal.forecast import stage_log
    from kernelwright.rehearsal.rehearse import Plan

    loaded = load_project(project, kernel)
    plan = Plan(source=(source or loaded.default_input).resolve(), layouts=["new"])
    logged = [stage_log.stages(file) for file in from_log or ()]
    runs = scaling_runs.measure(loaded, plan, rows, lambda _: None) if rows else scaling_runs.rehearsed(loaded)
    prediction = forecasting.forecast(loaded.configuration.forecast, runs, logged)
    print(json.dumps(asdict(prediction), indent=1)) if as_json else _print(prediction)
    if not prediction.fits:
        raise typer.Exit(1)


def _print(prediction: "Forecast") -> None:
    from rich.table import Table

    console = render.console()
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    for heading in ("stage", "items", "time", "each", "fixed"):
        table.add_column(heading, justify="left" if heading == "stage" else "right", no_wrap=True)
    table.add_column("learned from")
    for stage in prediction.stages:
        each, fixed = f"{stage.each_s * 1000:.3g} ms", f"{stage.fixed_s:.1f} s"
        name, note = render.text(stage.name), render.text(stage.note)
        table.add_row(name, f"{stage.count:,}", _time(stage.seconds), each, fixed, note)
    table.add_row("all else", "", _time(prediction.other_s))
    console.print(table)
    verdict = "within" if prediction.fits else "over"
    limit = f"{verdict} the limit of {prediction.limit_hours:g} h"
    console.print(render.text(f"{prediction.hours:.2f} h, {limit}; most of it is {prediction.dominates}"))
    console.print(render.text(f"{prediction.source}"))


def _time(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 600 else f"{seconds / 3600:.2f} h"
