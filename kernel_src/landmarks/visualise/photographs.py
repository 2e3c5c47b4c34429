"""Figures of the data: photographs of some landmarks, and the number of photographs per landmark."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from landmarks.dataset import Photo, image_path
from landmarks.visualise import canvas
from landmarks.visualise.canvas import COLUMNS, GAP_PX, MARGIN_PX, TILE_PX, TITLE_PX

ROWS = 3
ROW_PX = TITLE_PX + TILE_PX[1] + GAP_PX
CHART_PX = 260
BAR_PX = 300  # maximum width of a bar

Landmarks = Mapping[str, Sequence[str]]
"""The ids of the photographs of each landmark."""


def group_by_landmark(labels: Mapping[str, str]) -> dict[str, list[str]]:
    """Group ids by landmark, sorted by descending number of photographs."""
    ids: dict[str, list[str]] = defaultdict(list)
    for image_id, label in labels.items():
        ids[label].append(image_id)
    return dict(sorted(ids.items(), key=lambda item: -len(item[1])))


def draw_landmarks(root: Path, ids: Landmarks) -> Image.Image:
    """Draw photographs of a frequent, a medium and a rare landmark, among those with enough photographs for a row."""
    full = [label for label, photos in ids.items() if len(photos) >= COLUMNS]
    places = np.linspace(0, len(full) - 1, min(ROWS, len(full)))
    labels = [full[round(place)] for place in places]
    sheet = canvas.sheet(max(1, len(labels)) * ROW_PX - GAP_PX)
    for row, label in enumerate(labels):
        top = MARGIN_PX + row * ROW_PX
        canvas.write(sheet, (MARGIN_PX, top), f"landmark {label}, {len(ids[label]):,} photographs")
        for column, image_id in enumerate(ids[label][:COLUMNS]):
            left = MARGIN_PX + column * (TILE_PX[0] + GAP_PX)
            canvas.draw_tile(sheet, (left, top + TITLE_PX), Photo(image_id, image_path(root, "train", image_id)), ())
    return sheet


def draw_class_sizes(ids: Landmarks) -> Image.Image:
    """Draw a histogram of photographs per landmark, with bins of powers of two: 1, 2 to 3, 4 to 7, and so on."""
    counts = Counter(len(photos).bit_length() - 1 for photos in ids.values())
    powers = range(min(counts, default=0), max(counts, default=-1) + 1)
    sheet = canvas.sheet(3 * TITLE_PX + CHART_PX)
    title = f"{sum(map(len, ids.values())):,} photographs of {len(ids):,} landmarks, by photographs per landmark"
    canvas.write(sheet, (MARGIN_PX, MARGIN_PX), title)
    base = MARGIN_PX + 2 * TITLE_PX + CHART_PX
    step = (canvas.WIDTH_PX - 2 * MARGIN_PX) / max(1, len(powers))
    half = min(step - GAP_PX, BAR_PX) / 2
    for place, power in enumerate(powers):
        middle, count = round(MARGIN_PX + (place + 0.5) * step), counts[power]
        top = round(base - CHART_PX * count / max(counts.values()))
        ImageDraw.Draw(sheet).rectangle((middle - half, top, middle + half, base), fill=canvas.NEUTRAL)
        canvas.write(sheet, (middle, top - 8), f"{count:,}", anchor="mb")
        name = "1" if power == 0 else f"{2**power:,} to {2 ** (power + 1) - 1:,}"
        canvas.write(sheet, (middle, base + 12), name, canvas.FAINT, anchor="ma")
    return sheet
