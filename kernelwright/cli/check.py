"""``kernelwright check``."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from kernelwright.cli.options import HERE, Folder, Json, Kernel

if TYPE_CHECKING:
    from kernelwright.preflight.findings import Finding

Push = Annotated[bool, typer.Option("--push", help="Fail on all that stops a push, not on errors alone.")]


def check(project: Folder = HERE, kernel: Kernel = "", push: Push = False, as_json: Json = False) -> None:
    """Find all that is wrong before a push: errors, what is not ready yet, warnings; each with its place and fix.

    Exit status 1 if anything is an error; with --push, also if anything is unready.
    """
    from kernelwright.preflight import findings
    from kernelwright.preflight.survey import survey

    found = survey(project, kernel)
    ready = not findings.stops_a_push(found)
    if as_json:
        print(json.dumps({"ready": ready, "findings": [asdict(one) for one in found]}, indent=1))
    else:
        show(found)
    if findings.has_error(found) or (push and not ready):
        raise typer.Exit(1)


def show(found: "Sequence[Finding]") -> None:
    """Print the findings as a table, and what they come to."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    styles = {"error": "bold red", "unready": "bold cyan", "warning": "yellow"}
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    for column in ("severity", "place", "problem", "fix"):
        table.add_column(column, overflow="fold", no_wrap=column == "severity")
    for one in found:
        table.add_row(Text(one.severity, style=styles[one.severity]), *map(Text, (one.place, one.problem, one.fix)))
    if found:
        console.print(table)
    console.print(summary(found))


def summary(found: "Sequence[Finding]") -> str:
    """Return one line: how many of each severity, and whether that stops a push."""
    from kernelwright.preflight import findings

    if not found:
        return "nothing to mend: ready to push"
    told = [one.severity.value for one in found]
    counts = [
        f"{told.count('error')} errors" if told.count("error") else "",
        f"{told.count('unready')} unready" if told.count("unready") else "",
        f"{told.count('warning')} warnings" if told.count("warning") else "",
    ]
    verdict = "not ready to push" if findings.stops_a_push(found) else "ready to push"
    return f"{', '.join(filter(None, counts))}: {verdict}"
