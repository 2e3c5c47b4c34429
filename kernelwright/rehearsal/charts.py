"""Charts for the report: inline SVG that takes its colours from the page and stretches with it."""

from collections.abc import Sequence

from markupsafe import Markup

_WIDTH, _HEIGHT = 1000, 100
_MOST_POINTS = 400
COLOURS = 6
"""Number of colour classes that the page defines, c0 to c5."""


def stacked(parts: Sequence[tuple[str, float]]) -> Markup:
    """Draw a bar made of parts, each with a name and a size."""
    total = sum(size for _, size in parts) or 1.0
    drawn, left = Markup(), 0.0
    for number, (name, size) in enumerate(parts):
        width = _WIDTH * size / total
        drawn += Markup('<rect class="c{}" x="{:.2f}" width="{:.2f}" height="100"><title>{}</title></rect>').format(
            number % COLOURS, left, max(width, 0.0), name
        )
        left += width
    return _svg("stacked", drawn, "share of each part in the time")


def bar(size: float, most: float) -> Markup:
    """Draw a bar for one size, as a share of ``most``."""
    width = _WIDTH * size / most if most else 0.0
    return _svg("bar", Markup('<rect class="c0" width="{:.2f}" height="100"/>').format(width), "")


def area(points: Sequence[tuple[float, float]], top: float) -> Markup:
    """Draw (x, y) points as a line with the area below it filled; ``top`` is the y of the upper edge."""
    if not points:
        return Markup()
    right, high = max(points[-1][0], 1e-9), max(top, 1e-9)
    # Keep only the highest of each group of neighbours, so that twelve hours take no longer to draw than a minute.
    stride = -(-len(points) // _MOST_POINTS)
    highest = [max(points[at : at + stride], key=lambda point: point[1]) for at in range(0, len(points), stride)]
    steps = [f"{_WIDTH * x / right:.1f} {_HEIGHT * (1 - y / high):.1f}" for x, y in highest]
    line, last = " L".join(steps), f"{_WIDTH}"
    drawn = Markup('<path class="below" d="M0 100 L{} L{} 100 Z"/><path class="line" d="M{}"/>').format(
        line, last, line
    )
    return _svg("area", drawn, "memory over time")


def _svg(kind: str, drawn: Markup, label: str) -> Markup:
    role = Markup(' role="img" aria-label="{}"').format(label) if label else Markup(' aria-hidden="true"')
    head = Markup('<svg class="{}" viewBox="0 0 {} {}" preserveAspectRatio="none"{}>').format(
        kind, _WIDTH, _HEIGHT, role
    )
    return head + drawn + Markup("</svg>")
