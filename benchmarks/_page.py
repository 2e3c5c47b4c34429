"""The kept figures as a page and a plot: docs/performance-figures.md is made of build/bench/*.json."""

import html
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks._figures import Figure, duration, load

BAR, ROW, LEFT = 260, 20, 430  # pixels: of a bar that just meets its target, a line's height, where bars begin
MOST = 2.0  # times the target's speed; longer bars are cut


def write(kept: Path, page: Path) -> None:
    """Write the page, and the plot beside it as SVG, from the files that `_figures.save` wrote."""
    files = sorted(kept.glob("*.json"))
    plot = page.with_suffix(".svg")
    judged = [figure for file in files for figure in load(file) if figure.target is not None]
    plot.write_text(_plot(judged), "utf-8")
    parts = [
        "# Figures\n",
        "Made by `python -m benchmarks --page` of `build/bench/*.json`, which `make bench` writes, not by hand.",
        "The number after a peer's seconds is its time over ours: above 1, ours is faster.\n",
        f"![The target's time over ours]({plot.name})\n",
        *(_section(file) for file in files if load(file)),
    ]
    page.write_text("\n".join(parts), "utf-8")


def _section(file: Path) -> str:
    machine: dict[str, Any] = json.loads(file.read_text("utf-8"))["machine"]
    busy = f"load {' '.join(f'{value:.1f}' for value in machine['load'])}"
    lines = [
        f"## {file.stem}\n",
        f"{machine['at']}; {machine['processor']}, {machine['cores']} cores, {busy}; Python {machine['python']}.\n",
        "| what | ours | target | | peers |\n|---|--:|--:|---|---|",
        *(_row(figure) for figure in load(file)),
    ]
    return "\n".join(lines) + "\n"


def _row(figure: Figure) -> str:
    target, verdict = "", ""
    if figure.target is not None:
        target, verdict = duration(figure.target), "met" if figure.seconds <= figure.target else "missed"
    peers = ", ".join(f"{peer} {duration(time)} ({time / figure.seconds:.2f})" for peer, time in figure.peers.items())
    return f"| {figure.name} | {duration(figure.seconds)} | {target} | {verdict} | {peers} |"


def _plot(figures: Sequence[Figure]) -> str:
    """Draw a bar per figure: the target's time over ours."""
    height = ROW * (len(figures) + 2)
    bars = []
    for number, figure in enumerate(figures, 1):
        speed = (figure.target or 0.0) / figure.seconds
        top, colour = ROW * number, "#4263a3" if speed >= 1 else "#b5462f"
        bars += [
            f'<text x="{LEFT - 8}" y="{top + 14}" text-anchor="end">{html.escape(figure.name)}</text>',
            f'<rect x="{LEFT}" y="{top + 3}" width="{BAR * min(speed, MOST):.0f}" height="{ROW - 6}" fill="{colour}"/>',
            f'<text x="{LEFT + 4}" y="{top + 14}" fill="#fff">{speed:.2f}</text>',
        ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + int(MOST * BAR) + 10} {height}" '
        'font-family="sans-serif" font-size="12">\n<rect width="100%" height="100%" fill="#fff"/>\n'
        f'<path d="M{LEFT + BAR} {ROW - 4}v{height - 2 * ROW + 8}" stroke="#888"/>\n'
        f'<text x="{LEFT + BAR}" y="{ROW - 7}" text-anchor="middle">target</text>\n' + "\n".join(bars) + "\n</svg>\n"
    )
