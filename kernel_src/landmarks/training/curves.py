"""Learning curves: loss, learning rate and validation scores by step, for notebook, file and report."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from pathlib import Path

from kernelwright.runtime import record
from landmarks.training.logs import EpochRow, StepRow, read_rows

FILE = "curves.svg"
WIDTH, PANEL = 760, 130
LEFT, RIGHT, TOP, GAP = 64, 20, 26, 40
MOST_POINTS = 400
"""Maximum number of points per line, which limits the size of the picture."""

STYLE = """
.curves { display: block; width: 100%; max-width: 760px; height: auto; }
.curves .paper { fill: var(--panel, #ffffff); }
.curves text { font: 12px system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; fill: var(--faint, #5c6474); }
.curves .title { font-weight: 600; fill: var(--ink, #1d2230); }
.curves .grid { stroke: var(--line, #dfe2e8); stroke-width: 1; }
.curves .stage { stroke: var(--faint, #5c6474); stroke-width: 1; stroke-dasharray: 3 4; }
.curves .line { fill: none; stroke-width: 2; stroke-linejoin: round; }
.curves .c0 { stroke: var(--accent, #2f5fb3); } .curves .c1 { stroke: var(--good, #1f7a4a); }
.curves circle.c0, .curves .n0 { fill: var(--accent, #2f5fb3); }
.curves circle.c1, .curves .n1 { fill: var(--good, #1f7a4a); }
"""
"""Uses the colours of the page, if it defines them, else dark colours on white, which are legible on any page."""

Point = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Line:
    """Values by step, counted over all stages. Values that are not finite are not drawn."""

    name: str
    points: Sequence[Point]
    is_marked: bool = False
    """Whether to draw a dot at each value."""


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One or two lines on a scale from 0 to ``top``, or to the largest value if it is None."""

    title: str
    lines: Sequence[Line]
    top: float | None = None


@dataclass(frozen=True, kw_only=True)
class Stage:
    """The first step and the name of a stage."""

    start: float
    name: str


@dataclass(frozen=True, kw_only=True)
class Picture:
    """An SVG picture, which a notebook displays as the value of a cell."""

    svg: str

    def _repr_svg_(self) -> str:
        return self.svg


def plot(folder: Path) -> Picture:
    """Draw the learning curves of the training run whose logs are in a folder."""
    steps, epochs = read_rows(folder / "steps.csv", StepRow), read_rows(folder / "epochs.csv", EpochRow)
    starts = [next(rows) for _, rows in groupby(epochs, key=lambda row: row.stage)]
    ends = {row.stage: row.total for row in epochs}
    loss = Line(name="", points=[(row.total, row.loss) for row in steps])
    rate = Line(name="", points=[(row.total, row.learning_rate) for row in steps])
    gap = Line(name="GAP", points=[(row.total, row.gap) for row in epochs], is_marked=True)
    top_1 = Line(name="top-1", points=[(row.total, row.top_1) for row in epochs], is_marked=True)
    return draw(
        [
            Panel(title="loss", lines=[loss]),
            Panel(title="learning rate", lines=[rate]),
            Panel(title="held-out images", lines=[gap, top_1], top=1.0),
        ],
        [Stage(start=ends.get(row.stage - 1, 0), name=f"{row.size_px} px") for row in starts],
    )


def save_plot(folder: Path) -> Picture:
    """Draw the learning curves, and write them to the folder and, during a rehearsal, to the record folder."""
    picture = plot(folder)
    for place in filter(None, (folder, record.folder())):
        record.replace(place / FILE, picture.svg.encode())
    return picture


def gallery(records: Path, _inputs: Path) -> str:
    """Return the picture for the report page of a rehearsal; an empty string if the run drew none."""
    file = records / FILE
    return file.read_text("utf-8") if file.is_file() else ""


def draw(panels: Sequence[Panel], stages: Sequence[Stage]) -> Picture:
    """Draw panels below each other on a common axis of steps, with a mark at the start of each stage.

    Parameters
    ----------
    panels : sequence of Panel
        Panels without a finite value are omitted.
    stages : sequence of Stage
        In order.
    """
    shown = [panel for panel in panels if any(_finite(line.points) for line in panel.lines)]
    steps = max((x for panel in shown for line in panel.lines for x, _ in _finite(line.points)), default=1.0)
    height = TOP + len(shown) * (PANEL + GAP)
    parts = [f'<rect class="paper" width="{WIDTH}" height="{height}"/>']
    for number, panel in enumerate(shown):
        parts += _panel(panel, TOP + number * (PANEL + GAP), steps or 1.0, stages)
    label = escape(f"training: {', '.join(panel.title for panel in shown) or 'nothing yet'}")
    head = f'<svg xmlns="http://www.w3.org/2000/svg" class="curves" viewBox="0 0 {WIDTH} {height}" role="img"'
    return Picture(svg=f'{head} aria-label="{label}"><style>{STYLE}</style>{"".join(parts)}</svg>')


def _panel(panel: Panel, top: float, steps: float, stages: Sequence[Stage]) -> Iterator[str]:
    highest = max(y for line in panel.lines for _, y in _finite(line.points))
    scale = panel.top or _round_up(highest)

    def place(point: Point) -> Point:
        share = min(max(point[1] / scale, 0.0), 1.0)
        return LEFT + (WIDTH - LEFT - RIGHT) * point[0] / steps, top + PANEL * (1 - share)

    for level in (0.0, 0.5, 1.0):
        y = top + PANEL * (1 - level)
        yield f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>'
        yield f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{level * scale:.3g}</text>'
    for stage in stages:
        x = place((stage.start, 0))[0]
        yield f'<line class="stage" x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{top + PANEL}"/>'
        yield f'<text x="{x + 4:.1f}" y="{top + PANEL + 16}">{escape(stage.name)}</text>'
    # Above the panel, because the name of a stage may be below it.
    yield f'<text x="{WIDTH - RIGHT}" y="{top - 8}" text-anchor="end">step {steps:,.0f}</text>'
    lines = [(number, line, _finite(line.points)) for number, line in enumerate(panel.lines)]
    last = (
        f'<tspan class="n{number}" dx="8">{escape(line.name)} {points[-1][1]:.4g}</tspan>'
        for number, line, points in lines
        if points
    )
    yield f'<text class="title" x="{LEFT}" y="{top - 8}">{escape(panel.title)}{"".join(last)}</text>'
    for number, line, points in lines:
        yield from _line(number, line, [place(point) for point in _thinned(points)])


def _line(number: int, line: Line, places: Sequence[Point]) -> Iterator[str]:
    if places:
        path = " L".join(f"{x:.1f} {y:.1f}" for x, y in places)
        yield f'<path class="line c{number}" d="M{path}"><title>{escape(line.name)}</title></path>'
    if line.is_marked:
        yield from (f'<circle class="c{number}" cx="{x:.1f}" cy="{y:.1f}" r="3"/>' for x, y in places)


def _finite(points: Sequence[Point]) -> list[Point]:
    return [(x, y) for x, y in points if math.isfinite(x) and math.isfinite(y)]


def _thinned(points: Sequence[Point]) -> list[Point]:
    """Reduce the number of points to at most `MOST_POINTS` by averaging neighbouring points."""
    stride = -(-len(points) // MOST_POINTS)
    if stride <= 1:
        return list(points)
    parts = [points[at : at + stride] for at in range(0, len(points), stride)]
    return [(sum(x for x, _ in part) / len(part), sum(y for _, y in part) / len(part)) for part in parts]


def _round_up(value: float) -> float:
    """Round up to 1, 2 or 5 times a power of ten."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= value * (1 - 1e-9))
