"""The gains as a Markdown table, and as a plot."""

import html
from collections.abc import Sequence
from typing import Any

ROW, LEFT, SCALE = 18, 230, 1000  # pixels: of a line, where the bars begin, per unit of GAP
LEAST, MOST = -0.2, 0.3
"""Gains beyond these are cut."""


def table(gains: Sequence[dict[str, Any]]) -> list[str]:
    """Return the lines of a Markdown table; a row per ingredient, as `__main__` measures it."""
    lines = ["| ingredient | validation | test GAP | gain | p | pairs |", "|---|--:|--:|--:|--:|--:|"]
    for row in gains:
        gap, gain = (f"{row[key]:{sign}.4f} ± {row[f'{key}_sd']:.4f}" for key, sign in (("gap", ""), ("gain", "+")))
        lines.append(
            f"| {row['name']} | {row['validation']:+.4f} | {gap} | {gain} | {row['p']:.4f} | {row['pairs']:.1f} |"
        )
    return lines


def plot(gains: Sequence[dict[str, Any]]) -> str:
    """Draw the gain of each ingredient on the test part as a bar, with a line of one standard deviation either way."""
    zero, height = LEFT - SCALE * LEAST, ROW * (len(gains) + 2)
    bars = [_bar(row, ROW * number, zero) for number, row in enumerate(gains, 1)]
    ticks = [
        f'<path d="M{zero + SCALE * tick:.0f} {ROW - 6}v{height - 2 * ROW}" stroke="#ccc"/>'
        f'<text x="{zero + SCALE * tick:.0f}" y="{height - 6}" text-anchor="middle">{tick:+.2f}</text>'
        for tick in (-0.2, -0.1, 0.0, 0.1, 0.2)
    ]
    title = f'<text x="4" y="{height - 6}">gain in GAP over SEED</text>'
    body = "\n".join([*ticks, *bars, title])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {zero + SCALE * MOST:.0f} {height}" '
        'font-family="sans-serif" font-size="11">\n'
        f'<rect width="{zero + SCALE * MOST:.0f}" height="{height}" fill="#fff"/>\n{body}\n</svg>\n'
    )


def _bar(row: dict[str, Any], top: float, zero: float) -> str:
    ends = sorted((0.0, min(max(row["gain"], LEAST), MOST)))
    spread = [zero + SCALE * min(max(row["gain"] + side * row["gain_sd"], LEAST), MOST) for side in (-1, 1)]
    colour = "#4263a3" if row["gain"] > 0 else "#b0503c"
    return (
        f'<text x="{LEFT - 10}" y="{top + 11}" text-anchor="end">{html.escape(row["name"])}</text>'
        f'<rect x="{zero + SCALE * ends[0]:.1f}" y="{top + 2}" width="{SCALE * (ends[1] - ends[0]):.1f}" '
        f'height="{ROW - 6}" fill="{colour}"/>'
        f'<path d="M{spread[0]:.1f} {top + 8}H{spread[1]:.1f}" stroke="#222"/>'
    )
