"""What several commands print."""

import re
import sys
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.console import Console
    from rich.status import Status
    from rich.text import Text

    from kernelwright.check.finding import Finding
    from kernelwright.rehearsal.progress import Progress

PIPED_WIDTH = 10_000
"""Nothing is wrapped where no terminal is: a path that is cut in two can be neither searched nor copied."""
FIRST_LINE_S = 10.0
BAR = 20
STYLES = {"error": "bold red", "unready": "bold cyan", "warning": "yellow"}
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_SHOWN = 3
"""Of warnings with one code in one file; more are one line."""


def console() -> "Console":
    """Return where tables go: as wide as the terminal, or as they need where there is none."""
    from rich.console import Console

    return Console(highlight=False, width=None if sys.stdout.isatty() else PIPED_WIDTH)


def printable(text: str) -> str:
    """Write out what a terminal would obey: names, logs and notebooks come from others."""
    return "".join(sign if sign.isprintable() or sign in "\t\n" else repr(sign)[1:-1] for sign in text)


def text(line: str, style: str = "") -> "Text":
    """Return a line as rich prints it, in which no mark-up and no escape is obeyed."""
    from rich.text import Text

    return Text(printable(line), style=style)


def tell(line: str) -> None:
    """Print a line of progress, or of a log without its colours, at once."""
    print(printable(COLOURS.sub("", line)), flush=True)


class Live:
    """The progress of a run: a line that changes on a terminal, elsewhere a line whenever the time has doubled."""

    def __init__(self, memory_limit_bytes: int) -> None:
        self.limit = memory_limit_bytes
        self.status: Status | None = None
        self.next_line_s = FIRST_LINE_S

    def __enter__(self) -> Self:
        if sys.stdout.isatty():
            self.status = console().status("starting")
            self.status.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.status:
            self.status.stop()

    def tell(self, line: str) -> None:
        """Print a line above the one that changes."""
        self.next_line_s = FIRST_LINE_S
        self.status.console.print(text(line), soft_wrap=True) if self.status else tell(line)

    def show(self, progress: "Progress") -> None:
        """Show how far the run is."""
        if self.status:
            line = text(describe(progress, self.limit))
            line.overflow, line.no_wrap = "ellipsis", True
            self.status.update(line)
        elif progress.seconds >= self.next_line_s:
            self.next_line_s = 2 * progress.seconds
            tell(f"  {describe(progress, self.limit)}")


def describe(progress: "Progress", memory_limit_bytes: int) -> str:
    """Return the cell, the time, the memory and its limit, then the stage's bar or what was printed last."""
    minutes, seconds = divmod(int(progress.seconds), 60)
    memory = f"{progress.memory_bytes / 1e9:.2f} of {memory_limit_bytes / 1e9:g} GB"
    line = f"cell {progress.cell} of {progress.cells}  {minutes}:{seconds:02}  {memory}"
    if progress.stage is None:
        return f"{line}  {progress.last_line}".rstrip()
    name, done, total = progress.stage
    full = BAR * min(done, total) // max(total, 1)
    return f"{line}  {name} [{'#' * full}{' ' * (BAR - full)}] {done} of {total}"


def show_findings(findings: "Sequence[Finding]") -> None:
    """Print each finding on a line of its own, its fix below, and a line that sums them up."""
    out = console()
    groups: dict[tuple[str, ...], list[Finding]] = defaultdict(list)
    for finding in findings:
        key = (finding.file, finding.code) if finding.severity == "warning" else (str(len(groups)),)
        groups[key].append(finding)
    for group in groups.values():
        for finding in group[:_SHOWN]:
            line = text(f"{finding.location}: " if finding.location else "")
            line.append(f"{finding.code} {finding.severity}".strip(), style=STYLES[finding.severity])
            out.print(line.append(text(f": {finding.message}")), soft_wrap=True)
            if finding.fix:
                out.print(text(f"    {finding.fix}", style="dim"), soft_wrap=True)
        if more := group[_SHOWN:]:
            places = ", ".join(str(finding.place) for finding in more)
            out.print(
                text(f"    and {len(more)} more {more[0].code} in {more[0].file}: {places}", style="dim"),
                soft_wrap=True,
            )
    out.print(summary(findings))


def summary(findings: "Sequence[Finding]") -> str:
    """Return one line: how many of each severity, and whether that stops a push."""
    from kernelwright.check import finding

    if not findings:
        return "no problems: ready to push"
    severities = [finding.severity.value for finding in findings]
    plurals = {"error": "errors", "unready": "unready", "warning": "warnings"}
    counts = [f"{severities.count(name)} {name if severities.count(name) == 1 else plurals[name]}" for name in plurals]
    verdict = "not ready to push" if finding.stops_a_push(findings) else "ready to push"
    return f"{', '.join(count for count in counts if not count.startswith('0 '))}: {verdict}"
