"""Two images side by side, with the matches between them."""

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
MAX_INLIERS, MAX_OUTLIERS = 40, 15  # number of lines; more would hide the images


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two images and their matches.

    Attributes
    ----------
    photos : tuple of Photo
        The left and the right image.
    features : tuple of LocalFeatures
        The features of each image.
    matches : ndarray, int64, shape (n, 2)
        Row of the left keypoints, row of the right keypoints.
    inlier_mask : ndarray, bool, shape (n,)
        Which matches are inliers of the homography.
    """

    photos: tuple[Photo, Photo]
    features: tuple[LocalFeatures, LocalFeatures]
    matches: Matches
    inlier_mask: NDArray[np.bool_]


def draw(pair: Pair, title: str, colour: Colour) -> Image.Image:
    """Draw a pair below a title. Inliers are green lines and outliers red ones. If there are many, some are omitted."""
    shown = [canvas.photograph(photo, SIZE_PX) for photo in pair.photos]
    sheet = canvas.sheet(TITLE_PX + max(image.height for image in shown))
    canvas.write(sheet, (MARGIN_PX, MARGIN_PX), title, colour)
    top = MARGIN_PX + TITLE_PX
    corners = ((MARGIN_PX, top), (MARGIN_PX + shown[0].width + GAP_PX, top))
    for image, corner in zip(shown, corners, strict=True):
        sheet.paste(image, corner)
    for mask, most, line in (
        (~pair.inlier_mask, MAX_OUTLIERS, canvas.WRONG),
        (pair.inlier_mask, MAX_INLIERS, canvas.RIGHT),
    ):
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
    """Return the positions of keypoints on the sheet, shape (n, 2): (x, y) in pixels, as PIL expects them."""
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
