"""What several commands print."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from kernelwright.check.finding import Finding

PIPED_WIDTH = 10_000
"""Nothing is wrapped where no terminal is: a path that is cut in two can be neither searched nor copied."""
STYLES = {"error": "bold red", "unready": "bold cyan", "warning": "yellow"}


def console() -> "Console":
    """Return where tables go: as wide as the terminal, or as they need where there is none."""
    from rich.console import Console

    return Console(highlight=False, width=None if sys.stdout.isatty() else PIPED_WIDTH)


def tell(line: str) -> None:
    """Print a line of progress at once."""
    print(line, flush=True)


def show_findings(findings: "Sequence[Finding]") -> None:
    """Print the findings as a table, and a line that sums them up."""
    from rich.table import Table
    from rich.text import Text

    out = console()
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    for column in ("severity", "place", "problem, and its fix"):
        table.add_column(column, overflow="fold", no_wrap=column == "severity")
    for one in findings:
        problem = Text(one.message).append(f"\n{one.fix}" if one.fix else "", style="dim")
        table.add_row(Text(one.severity, style=STYLES[one.severity]), Text(one.location), problem)
    if findings:
        out.print(table)
    out.print(summary(findings))


def summary(findings: "Sequence[Finding]") -> str:
    """Return one line: how many of each severity, and whether that stops a push."""
    from kernelwright.check import finding

    if not findings:
        return "no problems: ready to push"
    severities = [one.severity.value for one in findings]
    plurals = {"error": "errors", "unready": "unready", "warning": "warnings"}
    counts = [f"{severities.count(name)} {name if severities.count(name) == 1 else plurals[name]}" for name in plurals]
    verdict = "not ready to push" if finding.stops_a_push(findings) else "ready to push"
    return f"{', '.join(count for count in counts if not count.startswith('0 '))}: {verdict}"
