"""The GAP curve: precision by rank."""

from collections.abc import Mapping, Sequence

from PIL import Image, ImageDraw

from landmarks.visualise import canvas
from landmarks.visualise.canvas import MARGIN_PX, TITLE_PX, Colour

CHART_PX = 420
LEFT_PX = MARGIN_PX + 80
RIGHT_PX = canvas.WIDTH_PX - MARGIN_PX
LINE_PX = 5
MARK_PX = 18
GRID: Colour = (223, 226, 232)
COLOURS = (canvas.FAINT, canvas.NEUTRAL)

Points = Sequence[tuple[bool, float]]
"""Correctness and precision by rank, as `landmarks.gap.precision_by_rank` returns them."""


def draw(curves: Mapping[str, Points], legends: Mapping[str, str]) -> Image.Image:
    """Draw curves in one diagram, and marks below them for the correctness of the last curve's predictions.

    Parameters
    ----------
    curves : mapping of name to points
        At least one curve. Curves must not be empty.
    legends : mapping of name to str
        The legend of each curve.

    Returns
    -------
    PIL.Image.Image
        RGB.
    """
    sheet = canvas.sheet(3 * TITLE_PX + CHART_PX + 2 * MARK_PX)
    drawing = ImageDraw.Draw(sheet)
    top, longest = MARGIN_PX + 2 * TITLE_PX, max(map(len, curves.values()))
    for level in (0.0, 0.5, 1.0):
        y = round(top + CHART_PX * (1 - level))
        drawing.line((LEFT_PX, y, RIGHT_PX, y), fill=GRID, width=2)
        canvas.write(sheet, (LEFT_PX - 16, y), f"{level:.1f}", canvas.FAINT, anchor="rm")

    def x(place: float) -> float:
        return LEFT_PX + (RIGHT_PX - LEFT_PX) * place / longest

    left = MARGIN_PX
    for (name, points), colour in zip(curves.items(), COLOURS, strict=False):
        line = [(x(place + 0.5), top + CHART_PX * (1 - precision)) for place, (_, precision) in enumerate(points)]
        drawing.line(line, fill=colour, width=LINE_PX, joint="curve")
        canvas.write(sheet, (left, MARGIN_PX), legends[name], colour)
        left += canvas.WIDTH_PX // 2
    marks = top + CHART_PX + MARK_PX
    for place, (is_right, _) in enumerate([*curves.values()][-1]):
        colour = canvas.RIGHT if is_right else canvas.WRONG
        drawing.line((x(place + 0.5), marks, x(place + 0.5), marks + MARK_PX), fill=colour, width=LINE_PX)
    below = marks + MARK_PX + 16
    canvas.write(sheet, (LEFT_PX, below), "highest score", canvas.FAINT)
    canvas.write(sheet, (RIGHT_PX, below), f"lowest of {longest:,}", canvas.FAINT, anchor="ra")
    return sheet
