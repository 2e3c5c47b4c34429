"""Pictures of what was recognised: queries beside their nearest gallery images, and matches between two images."""

from collections.abc import Collection, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont, ImageOps

from landmarks.dataset import Photo
from landmarks.errors import UnreadableImage
from landmarks.feature_types import LocalFeatures
from landmarks.images import local_pixels
from landmarks.prefetch import in_time

if TYPE_CHECKING:
    from landmarks.results import Step

Colour = tuple[int, int, int]

TILE_PX = (220, 165)  # width, height
GAP_PX = 16
MARGIN_PX = 28
CAPTION_PX = 44
FRAME_PX = 4
FONT_PX = 15
DOT_PX = 3

PAPER: Colour = (255, 255, 255)
INK: Colour = (32, 36, 44)
FAINT: Colour = (118, 125, 138)
MAT: Colour = (238, 240, 243)
NEUTRAL: Colour = (66, 99, 165)
RIGHT: Colour = (38, 138, 82)
WRONG: Colour = (196, 62, 58)


def contact_sheet(
    step: "Step",
    *,
    queries: int = 6,
    neighbours: int = 3,
    truth: Mapping[str, Collection[str]] | None = None,
    until: float = float("inf"),
) -> Image.Image:
    """Draw queries, from the surest to the least sure, each beside its nearest gallery images.

    Parameters
    ----------
    step : Step
        What the pipeline yields.
    queries, neighbours : int
        How many at most. Queries are spread evenly over the order of their scores.
    truth : mapping of id to labels, optional
        Given it, right images are framed in green and wrong ones in red; else those of the
        predicted label are framed in blue.
    until : float
        When to be done, in seconds since the epoch.

    Returns
    -------
    PIL.Image.Image
        RGB; small where there is nothing to show, or no time.
    """
    for sheet in in_time(map(partial(_sheet, queries=queries, neighbours=neighbours, truth=truth), [step]), until):
        return sheet
    return _note("No time is left for a picture.")


def _sheet(step: "Step", *, queries: int, neighbours: int, truth: Mapping[str, Collection[str]] | None) -> Image.Image:
    shown = _spread(_surest_first(step), queries)
    if not shown:
        return _note("No query has a neighbour to show.")
    width = 2 * MARGIN_PX + (neighbours + 1) * (TILE_PX[0] + GAP_PX) - GAP_PX
    sheet = Image.new("RGB", (width, 2 * MARGIN_PX + len(shown) * _row_height() - GAP_PX), PAPER)
    for number, query in enumerate(shown):
        corner = (MARGIN_PX, MARGIN_PX + number * _row_height())
        _draw_row(sheet, corner, step, query, _frames(step, query, neighbours, truth))
    return sheet


def matches(
    query: Photo, train: Photo, features: tuple[LocalFeatures, LocalFeatures], pairs: NDArray[np.int64]
) -> Image.Image:
    """Draw two images side by side, with a line per pair of keypoints.

    Parameters
    ----------
    query, train : Photo
        The left and the right image.
    features : tuple of LocalFeatures
        Of the left and of the right image.
    pairs : ndarray, int64, shape (n, 2)
        Row of the left keypoints, row of the right keypoints: as matching returns them, the inliers for instance.

    Returns
    -------
    PIL.Image.Image
        RGB.
    """
    left, right = (_photograph(photo, (2 * TILE_PX[0], 2 * TILE_PX[1])) for photo in (query, train))
    size = (left.width + GAP_PX + right.width + 2 * MARGIN_PX, max(left.height, right.height) + 2 * MARGIN_PX)
    sheet = Image.new("RGB", size, PAPER)
    corners = ((MARGIN_PX, MARGIN_PX), (MARGIN_PX + left.width + GAP_PX, MARGIN_PX))
    sheet.paste(left, corners[0])
    sheet.paste(right, corners[1])
    ends = [
        _on_sheet(own, pairs[:, side], photo, shown, corners[side])
        for side, (own, photo, shown) in enumerate(zip(features, (query, train), (left, right), strict=True))
    ]
    _draw_lines(ImageDraw.Draw(sheet), *ends)
    return sheet


def _surest_first(step: "Step") -> list[Photo]:
    predicted = [query for query, neighbours in step.neighbours.items() if neighbours and query.id in step.predictions]
    return sorted(predicted, key=lambda query: -step.predictions[query.id].score)


def _spread(photos: list[Photo], most: int) -> list[Photo]:
    places = np.linspace(0, len(photos) - 1, min(most, len(photos)))
    return [photos[round(place)] for place in places]


def _row_height() -> int:
    return TILE_PX[1] + CAPTION_PX + GAP_PX


def _draw_row(
    sheet: Image.Image, corner: tuple[int, int], step: "Step", query: Photo, frames: list[Colour | None]
) -> None:
    prediction, gallery = step.predictions[query.id], {photo.id: photo for photo in step.data.gallery}
    says = f"says {prediction.label}, {prediction.score:.2f}"
    _draw_tile(sheet, corner, query, (f"query {query.id[:8]}", says), None)
    for column, (neighbour, frame) in enumerate(zip(step.neighbours[query], frames, strict=False), 1):
        place = (corner[0] + column * (TILE_PX[0] + GAP_PX), corner[1])
        caption = (neighbour.label, f"{neighbour.id[:8]}, {neighbour.score:.2f}")
        _draw_tile(sheet, place, gallery.get(neighbour.id, Photo(neighbour.id, Path(neighbour.id))), caption, frame)


def _frames(
    step: "Step", query: Photo, neighbours: int, truth: Mapping[str, Collection[str]] | None
) -> list[Colour | None]:
    labels = [neighbour.label for neighbour in step.neighbours[query][:neighbours]]
    if truth is not None:
        return [RIGHT if label in truth.get(query.id, ()) else WRONG for label in labels]
    return [NEUTRAL if label == step.predictions[query.id].label else None for label in labels]


def _draw_tile(
    sheet: Image.Image, corner: tuple[int, int], photo: Photo, caption: tuple[str, str], frame: Colour | None
) -> None:
    left, top = corner
    box = (left, top, left + TILE_PX[0] - 1, top + TILE_PX[1] - 1)
    draw = ImageDraw.Draw(sheet)
    draw.rectangle(box, fill=MAT)
    inside = ImageOps.contain(_photograph(photo, TILE_PX), (TILE_PX[0] - 2 * FRAME_PX, TILE_PX[1] - 2 * FRAME_PX))
    sheet.paste(inside, (left + (TILE_PX[0] - inside.width) // 2, top + (TILE_PX[1] - inside.height) // 2))
    if frame:
        draw.rectangle(box, outline=frame, width=FRAME_PX)
    for line, (text, colour) in enumerate(zip(caption, (INK, FAINT), strict=True)):
        draw.text((left, top + TILE_PX[1] + 4 + line * (FONT_PX + 4)), text, colour, ImageFont.load_default(FONT_PX))


def _photograph(photo: Photo, size: tuple[int, int]) -> Image.Image:
    """Return a photo that fits the size; a flat tile where it cannot be read."""
    try:
        return ImageOps.contain(Image.fromarray(local_pixels(photo.path)), size)
    except (UnreadableImage, MemoryError):
        return Image.new("RGB", size, FAINT)


def _note(text: str) -> Image.Image:
    font = ImageFont.load_default(FONT_PX)
    sheet = Image.new("RGB", (round(font.getlength(text)) + 2 * MARGIN_PX, FONT_PX + 2 * MARGIN_PX), PAPER)
    ImageDraw.Draw(sheet).text((MARGIN_PX, MARGIN_PX), text, FAINT, font)
    return sheet


def _on_sheet(
    features: LocalFeatures, rows: NDArray[np.int64], photo: Photo, shown: Image.Image, corner: tuple[int, int]
) -> NDArray[np.float64]:
    """Return where keypoints stand on the sheet: shape (n, 2), (x, y) as PIL draws."""
    zoom = max(shown.size) / (max(local_pixels(photo.path).shape) * features.scale)
    points: NDArray[np.float64] = features.keypoints[rows, ::-1] * zoom + np.array(corner)
    return points


def _draw_lines(draw: ImageDraw.ImageDraw, starts: NDArray[np.float64], ends: NDArray[np.float64]) -> None:
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        draw.line([*start, *end], fill=RIGHT, width=1)
        for x, y in (start, end):
            draw.ellipse([x - DOT_PX, y - DOT_PX, x + DOT_PX, y + DOT_PX], outline=PAPER, fill=RIGHT)
