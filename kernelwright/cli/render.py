"""What several commands print."""

import sys
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

from kernelwright.support.terminal import without_colours

if TYPE_CHECKING:
    from rich.console import Console
    from rich.live import Live as RichLive
    from rich.table import Table
    from rich.text import Text

    from kernelwright.check.finding import Finding
    from kernelwright.rehearsal.progress import Progress

PIPED_WIDTH = 10_000
"""Nothing is wrapped where no terminal is: a path that is cut in two can be neither searched nor copied."""
FIRST_LINE_S = 10.0
BAR = 20
STYLES = {"error": "bold red", "unready": "bold cyan", "warning": "yellow"}
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
    print(printable(without_colours(line)), flush=True)


class Live:
    """The progress of a run: a table that changes on a terminal, elsewhere a line whenever the time has doubled."""

    def __init__(self, memory_limit_bytes: int, *, quiet: bool = False) -> None:
        self.limit, self.quiet = memory_limit_bytes, quiet
        self.live: RichLive | None = None
        self.next_line_s = FIRST_LINE_S

    def __enter__(self) -> Self:
        if sys.stdout.isatty() and not self.quiet:
            from rich.live import Live as RichLive

            self.live = RichLive(console=console(), transient=True)
            self.live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.live:
            self.live.stop()

    def tell(self, line: str) -> None:
        """Print a line above what changes."""
        self.next_line_s = FIRST_LINE_S
        if self.live:
            self.live.console.print(text(line), soft_wrap=True)
        elif not self.quiet:
            tell(line)

    def show(self, progress: "Progress") -> None:
        """Show how far the run is."""
        if self.live:
            self.live.update(table(progress, self.limit))
        elif progress.seconds >= self.next_line_s and not self.quiet:
            self.next_line_s = 2 * progress.seconds
            tell(f"  {describe(progress, self.limit)}")


def clock(seconds: float) -> str:
    """Write a time as hours, minutes and seconds."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}" if minutes >= 60 else f"{minutes}:{rest:02}"


def _at_rate(progress: "Progress") -> str:
    return f", {progress.rate:.3g} per s, {clock(progress.left_s)} left" if progress.rate else ""


def _memory(progress: "Progress", limit_bytes: int) -> str:
    return f"{progress.memory_bytes / 1e9:.2f} of {limit_bytes / 1e9:g} GB"


def describe(progress: "Progress", memory_limit_bytes: int) -> str:
    """Return the cell, the time, the memory and its limit, then how far the stage is or what was printed last."""
    line = (
        f"cell {progress.cell} of {progress.cells}  {clock(progress.seconds)}  {_memory(progress, memory_limit_bytes)}"
    )
    if progress.stage is None:
        return f"{line}  {progress.last_line}".rstrip()
    name, done, total = progress.stage
    return f"{line}  {name}: {done} of {total}{_at_rate(progress)}"


def table(progress: "Progress", memory_limit_bytes: int) -> "Table":
    """Return the same as a table of bars: cells, memory, and the stage or what was printed last."""
    from rich.progress_bar import ProgressBar
    from rich.table import Table

    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(width=BAR)
    grid.add_column(no_wrap=True, overflow="ellipsis")
    cell = f"cell {progress.cell} of {progress.cells}, {clock(progress.seconds)}"
    rows: list[tuple[str, float, float, str]] = [
        (progress.run, progress.cell, progress.cells, cell),
        ("memory", progress.memory_bytes, memory_limit_bytes, _memory(progress, memory_limit_bytes)),
    ]
    if stage := progress.stage:
        rows.append((*stage, f"{stage[1]} of {stage[2]}{_at_rate(progress)}"))
    for label, done, total, note in rows:
        grid.add_row(text(label), ProgressBar(total=max(total, 1), completed=done, width=BAR), text(note))
    if not stage:
        grid.add_row("", "", text(progress.last_line))
    return grid


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
