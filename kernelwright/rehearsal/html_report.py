"""The report as one HTML page, ``report.html``, that loads nothing."""

import base64
import functools
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from kernelwright.errors import HookFailed
from kernelwright.project.model import Project
from kernelwright.rehearsal import charts, hooks
from kernelwright.rehearsal.report import Report, Run
from kernelwright.support import atomic_files

_STYLES = re.compile(r"<style>(.*?)</style>", re.DOTALL)
_FOLDER = Path(__file__).with_name("template")


@dataclass(frozen=True, kw_only=True)
class Gallery:
    """The HTML that the kernel's ``gallery`` hook returned, or why it returned none; both empty without a hook."""

    html: str = ""
    problem: str = ""


def gallery(project: Project, source: Path, folder: Path, runs: Sequence[Run]) -> Gallery:
    """Call the ``gallery`` hook with the record folder of the last run that recorded stages.

    Only reruns are considered if the kernel has a rerun.
    """
    hook = project.configuration.gallery
    recorded = (run for run in runs if run.phase == project.phases[0] and run.stages)
    records = [folder / f"{run.phase}-{run.mounts}" / "record" for run in recorded]
    if not hook or not records:
        return Gallery()
    try:
        html = hooks.call(project, hook, folder / "gallery.json", records[-1], source)
    except HookFailed as error:
        return Gallery(problem=str(error))
    return Gallery(html=html) if isinstance(html, str) else Gallery(problem=f"the hook {hook} should return text")


def write(report: Report, file: Path, shown: Gallery) -> None:
    """Write the page atomically."""
    atomic_files.replace(file, render(report, shown).encode("utf-8"))


def render(report: Report, shown: Gallery) -> str:
    """Return the page. All data is escaped; the gallery's HTML is not, because it comes from the project's own code."""
    style = (_FOLDER / "page.css").read_text("utf-8")
    styles = [style, *_STYLES.findall(shown.html)]
    hashes = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in styles)
    allowed = " ".join(f"'sha256-{digest}'" for digest in dict.fromkeys(hashes))
    largest: dict[str, float] = {}
    for scores in (report.scores, *(entry["scores"] for entry in report.history)):
        for name, value in scores.items():
            largest[name] = max(value, largest.get(name, value))
    # The page may use embedded images and exactly these styles. 'unsafe-inline' would apply styles of unescaped data.
    policy = f"default-src 'none'; img-src data:; style-src {allowed}; base-uri 'none'; form-action 'none'"
    return _template().render(
        report=report,
        policy=policy,
        style=Markup(style),  # noqa: S704 - the file beside the template
        shown=shown,
        gallery=Markup(shown.html),  # noqa: S704 - from the kernel's own hook, which escapes what it shows
        headline=headline(report),
        largest=largest,
    )


def headline(report: Report) -> str:
    """Return the outcome of the rehearsal in a few words."""
    if report.state != "ended":
        return {"running": "Not ended", "interrupted": "Interrupted", "failed": "Failed"}[report.state]
    failed = sum(not run.complete for run in report.runs)
    if failed:
        return f"{failed} of {len(report.runs)} runs failed"
    return "Complete" if report.complete else "The runs disagree"


@functools.cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"seconds": duration, "gigabytes": gigabytes}
    environment.globals |= {
        "area": charts.area,
        "bar": charts.bar,
        "stacked": charts.stacked,
        "parts": parts,
        "colours": charts.COLOURS,
        "cells": cells,
    }
    return environment.get_template("page.html.j2")


def duration(seconds: float | None) -> str:
    """Format a time in seconds, minutes or hours; None is a cell that never ran."""
    if seconds is None:
        return "never ran"
    if seconds < 10:
        return f"{seconds:.2f} s" if seconds < 1 else f"{seconds:.1f} s"
    minutes, hours = seconds / 60, seconds / 3600
    if minutes < 2:
        return f"{seconds:.0f} s"
    return f"{minutes:.0f} min" if hours < 1.5 else f"{hours:.1f} h"


def gigabytes(size: float) -> str:
    """Format a number of bytes in GB of 10**9 bytes."""
    return f"{size / 1e9:.2f} GB"


def parts(run: Run) -> list[tuple[str, float]]:
    """Return the parts of a run's time as (label, seconds): its stages, with their rates, then the rest."""
    stages: list[tuple[str, float]] = []
    for stage in run.stages:
        count, seconds = stage["count"], float(stage["seconds"])
        rate = f", {count / seconds:.3g} per s" if count and seconds else ""
        stages.append((f"{stage['name']}, {count} items{rate}", seconds))
    return [*stages, ("all else", max(run.seconds - sum(seconds for _, seconds in stages), 0.0))]


def cells(run: Run) -> dict[str, Any]:
    """Split a run's cells, in their order, into those to show and the ``quick`` ones; add the ``slowest`` time.

    A cell is quick if it took less than 0.1 s, or less than 1 % of the slowest cell's time. Failed and unfinished cells
    are always shown.
    """
    slowest = max((cell["seconds"] or 0.0 for cell in run.cells), default=0.0)
    ended = [cell for cell in run.cells if cell["seconds"] is not None and not cell["failed"]]
    quick = [cell for cell in ended if cell["seconds"] < max(0.01 * slowest, 0.1)]
    return {"slowest": slowest, "shown": [cell for cell in run.cells if cell not in quick], "quick": quick}
