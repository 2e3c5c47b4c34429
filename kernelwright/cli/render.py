"""What several commands print."""

import sys
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from kernelwright.check.finding import Finding

PIPED_WIDTH = 10_000
"""Nothing is wrapped where no terminal is: a path that is cut in two can be neither searched nor copied."""
STYLES = {"error": "bold red", "unready": "bold cyan", "warning": "yellow"}
_SHOWN = 3
"""Of warnings with one code in one file; more are one line."""


def console() -> "Console":
    """Return where tables go: as wide as the terminal, or as they need where there is none."""
    from rich.console import Console

    return Console(highlight=False, width=None if sys.stdout.isatty() else PIPED_WIDTH)


def tell(line: str) -> None:
    """Print a line of progress at once."""
    print(line, flush=True)


def show_findings(findings: "Sequence[Finding]") -> None:
    """Print each finding on a line of its own, its fix below, and a line that sums them up."""
    from rich.text import Text

    out = console()
    groups: dict[tuple[str, ...], list[Finding]] = defaultdict(list)
    for finding in findings:
        key = (finding.file, finding.code) if finding.severity == "warning" else (str(len(groups)),)
        groups[key].append(finding)
    for group in groups.values():
        for finding in group[:_SHOWN]:
            line = Text(f"{finding.location}: " if finding.location else "")
            line.append(f"{finding.code} {finding.severity}".strip(), style=STYLES[finding.severity])
            out.print(line.append(f": {finding.message}"), soft_wrap=True)
            if finding.fix:
                out.print(Text(f"    {finding.fix}", style="dim"), soft_wrap=True)
        if more := group[_SHOWN:]:
            places = ", ".join(str(finding.place) for finding in more)
            out.print(
                Text(f"    and {len(more)} more {more[0].code} in {more[0].file}: {places}", style="dim"),
                soft_wrap=True,
            )
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
