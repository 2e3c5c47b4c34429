"""What the mini dataset photographs: real pictures that scikit-image ships, and planar scenes drawn here."""

from pathlib import Path

import cv2
import numpy as np
import PIL.Image
import skimage
from numpy.typing import NDArray

from tests.mini import drawing

Image = NDArray[np.uint8]
"""RGB, shape (height, width, 3)."""

PHOTOS = Path(skimage.__file__).parent / "data"

LANDMARKS = {
    "astronaut": "astronaut.png",
    "camera": "camera.png",
    "cat": "chelsea.png",
    "coffee": "coffee.png",
    "rocket": "rocket.jpg",
    "motorcycle": "motorcycle_left.png",
    "galaxies": "hubble_deep_field.jpg",
    "station": drawing.facade,
    "hotel": drawing.facade,
    "theatre": drawing.facade,
    "concert poster": drawing.poster,
    "tiled wall": drawing.mosaic,
}
"""Landmarks by name: a photograph's file, or what draws the scene from a generator."""

DISTRACTORS = {
    "moon": "moon.png",
    "text": "text.png",
    "grass": "grass.png",
    "retina": "retina.jpg",
    "gravel": "gravel.png",
    "clock": "clock_motion.png",
    "coins": "coins.png",
    "leaves": drawing.clutter,
    "school": drawing.facade,  # the look of a landmark, as in any town
    "festival poster": drawing.poster,
    "opera poster": drawing.poster,
    "swimming bath": drawing.mosaic,
}
"""Scenes that show no landmark, and of which no training image exists."""

SIDE_PX = 640
"""The longer side of a scene."""


def scene(name: str) -> Image:
    """Return a scene by its name in `LANDMARKS` or `DISTRACTORS`, the longer side `SIDE_PX`."""
    source = (LANDMARKS | DISTRACTORS)[name]
    return _photograph(PHOTOS / source) if isinstance(source, str) else source(drawing.generator(name))


def _photograph(path: Path) -> Image:
    picture = np.asarray(PIL.Image.open(path).convert("RGB"))
    scale = SIDE_PX / max(picture.shape[:2])
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return cv2.resize(picture, None, fx=scale, fy=scale, interpolation=interpolation)
