"""Two images side by side, and the matches between them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from landmarks.dataset import Photo
from landmarks.feature_types import LocalFeatures
from landmarks.images import local_pixels
from landmarks.matching import Matches
from landmarks.visualise import canvas
from landmarks.visualise.canvas import GAP_PX, MARGIN_PX, PAPER, TILE_PX, TITLE_PX, Colour, Corner

SIZE_PX = (2 * TILE_PX[0] + GAP_PX, 2 * TILE_PX[1])
DOT_PX = 5
LINE_PX = 3
LINES, OTHERS = 40, 15  # that agree, and that do not; more would hide the images


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two images, and their matches.

    Attributes
    ----------
    photos : tuple of Photo
        The left and the right one.
    features : tuple of LocalFeatures
        Of either.
    matches : ndarray, int64, shape (n, 2)
        Row of the left keypoints, row of the right keypoints.
    agreeing : ndarray, bool, shape (n,)
        Which of them agree on a homography.
    """

    photos: tuple[Photo, Photo]
    features: tuple[LocalFeatures, LocalFeatures]
    matches: Matches
    agreeing: NDArray[np.bool_]


def draw(pair: Pair, title: str, colour: Colour) -> Image.Image:
    """Draw a pair below a title; matches that agree are green lines, others red ones, of many a part."""
    shown = [canvas.photograph(photo, SIZE_PX) for photo in pair.photos]
    sheet = canvas.sheet(TITLE_PX + max(image.height for image in shown))
    canvas.write(sheet, (MARGIN_PX, MARGIN_PX), title, colour)
    top = MARGIN_PX + TITLE_PX
    corners = ((MARGIN_PX, top), (MARGIN_PX + shown[0].width + GAP_PX, top))
    for image, corner in zip(shown, corners, strict=True):
        sheet.paste(image, corner)
    for mask, most, line in ((~pair.agreeing, OTHERS, canvas.WRONG), (pair.agreeing, LINES, canvas.RIGHT)):
        rows = pair.matches[mask]
        rows = rows[np.linspace(0, len(rows) - 1, min(most, len(rows))).round().astype(int)]
        starts, ends = (
            _on_sheet(pair.features[side], rows[:, side], pair.photos[side], shown[side], corners[side])
            for side in (0, 1)
        )
        _draw_lines(ImageDraw.Draw(sheet), starts, ends, line)
    return sheet


def _on_sheet(
    features: LocalFeatures, rows: NDArray[np.int64], photo: Photo, shown: Image.Image, corner: Corner
) -> NDArray[np.float64]:
    """Return where keypoints stand on the sheet: shape (n, 2), (x, y) as PIL draws."""
    zoom = max(shown.size) / (max(local_pixels(photo.path).shape) * features.scale)
    points: NDArray[np.float64] = features.keypoints[rows, ::-1] * zoom + np.array(corner)
    return points


def _draw_lines(
    draw: ImageDraw.ImageDraw, starts: NDArray[np.float64], ends: NDArray[np.float64], colour: Colour
) -> None:
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        draw.line([*start, *end], fill=PAPER, width=LINE_PX + 2)
        draw.line([*start, *end], fill=colour, width=LINE_PX)
        for x, y in (start, end):
            draw.ellipse([x - DOT_PX, y - DOT_PX, x + DOT_PX, y + DOT_PX], outline=PAPER, fill=colour)
