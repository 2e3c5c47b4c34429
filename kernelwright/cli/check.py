"""``kernelwright check``."""

import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from kernelwright.cli.options import HERE, Folder, Json, Kernel

if TYPE_CHECKING:
    from kernelwright.check.finding import Finding

WIDE = 160
STYLES = {"error": "bold red", "unready": "bold cyan", "warning": "yellow"}
Push = Annotated[bool, typer.Option("--push", help="Fail on all that stops a push, not on errors alone.")]


def check(project: Folder = HERE, kernel: Kernel = "", push: Push = False, as_json: Json = False) -> None:
    """Find all that is wrong before a push: errors, what is not ready yet, warnings; each with its place and fix.

    Exit status 1 if anything is an error; with --push, also if anything is unready.
    """
    from kernelwright.check import finding
    from kernelwright.check.run import run_checks

    found = run_checks(project, kernel)
    ready = not finding.stops_a_push(found)
    if as_json:
        print(json.dumps({"ready": ready, "findings": [one.as_json() for one in found]}, indent=1))
    else:
        show(found)
    if finding.has_error(found) or (push and not ready):
        raise typer.Exit(1)


def show(found: "Sequence[Finding]") -> None:
    """Print the findings as a table, and what they come to."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDE)
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    for column in ("severity", "place", "problem, and its fix"):
        table.add_column(column, overflow="fold", no_wrap=column == "severity")
    for one in found:
        told = Text(one.message).append(f"\n{one.fix}" if one.fix else "", style="dim")
        table.add_row(Text(one.severity, style=STYLES[one.severity]), Text(one.location), told)
    if found:
        console.print(table)
    console.print(summary(found))


def summary(found: "Sequence[Finding]") -> str:
    """Return one line: how many of each severity, and whether that stops a push."""
    from kernelwright.check import finding

    if not found:
        return "nothing to mend: ready to push"
    told = [one.severity.value for one in found]
    words = {"error": "errors", "unready": "unready", "warning": "warnings"}
    counts = [_count(told.count(name), name, words[name]) for name in words if name in told]
    verdict = "not ready to push" if finding.stops_a_push(found) else "ready to push"
    return f"{', '.join(counts)}: {verdict}"


def _count(number: int, one: str, several: str) -> str:
    return f"{number} {one if number == 1 else several}"
