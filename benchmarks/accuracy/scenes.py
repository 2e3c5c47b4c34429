"""What the bed photographs: real pictures, drawn landmarks of four kinds, and what looks like them and is none."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import PIL.Image
import skimage

from tests.mini import drawing
from tests.mini.drawing import Image, generator

PHOTOS = Path(skimage.__file__).parent / "data"
SIDE_PX = 320
"""The longer side of a scene."""

LANDMARK_PHOTOS = (
    "astronaut.png",
    "brick.png",
    "camera.png",
    "chelsea.png",
    "coffee.png",
    "color.png",
    "hubble_deep_field.jpg",
    "ihc.png",
    "motorcycle_left.png",
    "rocket.jpg",
)
OTHER_PHOTOS = (
    "cell.png",
    "clock_motion.png",
    "coins.png",
    "grass.png",
    "gravel.png",
    "microaneurysms.png",
    "moon.png",
    "page.png",
    "retina.jpg",
    "text.png",
)
"""Photographs that show no landmark."""

DRAWN = {"facade": 28, "terrace": 16, "poster": 10, "mosaic": 8}
"""Landmarks of each kind that are drawn."""
SINGLES = {"facade": 90, "terrace": 30, "poster": 20, "mosaic": 10}
"""Landmarks of a single gallery image."""
ARCHITECTS = 6  # whose terraces share their windows


@dataclass(frozen=True, order=True)
class Scene:
    """Something to photograph: its name decides what it looks like."""

    kind: str
    name: str

    def draw(self) -> Image:
        """Return the scene, RGB, the longer side `SIDE_PX`."""
        picture = _KINDS[self.kind](self.name)
        scale = SIDE_PX / max(picture.shape[:2])
        return cv2.resize(
            picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        )


def landmarks() -> list[Scene]:
    """Return the landmarks with several gallery images."""
    return [*(Scene("photo", file) for file in LANDMARK_PHOTOS), *_numbered(DRAWN, "landmark")]


def singles() -> list[Scene]:
    """Return the landmarks with a single gallery image."""
    return _numbered(SINGLES, "single")


def distractors(part: str, count: int) -> list[Scene]:
    """Return what shows no landmark of the gallery, others in each part: look-alikes, and what nobody visits.

    One in eight is the mirror image of a landmark, repainted; two in five are other buildings, posters and mosaics.
    """
    alike = [scene for scene in landmarks() if scene.kind in ("facade", "terrace")]
    places = {"validation": 0, "test": 1, "non-landmarks": 2}
    photos = OTHER_PHOTOS[places[part] :: 3]
    kinds = ("mirror", "facade", "terrace", "poster", "facade", "clutter", "crowd", "photo")
    chosen = []
    for number in range(count):
        kind, turn = kinds[number % len(kinds)], number // len(kinds)
        name = {"photo": photos[turn % len(photos)], "mirror": f"{part}|{_twin(alike, places[part], turn)}"}
        chosen.append(Scene(kind, name.get(kind, f"{part} {kind} {turn}")))
    return chosen


def junk(count: int) -> list[Scene]:
    """Return what gallery images show that stand under a landmark and do not show it."""
    kinds = ("clutter", "crowd", "clutter", "crowd", "photo")
    return [
        Scene(kinds[n % 5], OTHER_PHOTOS[n % len(OTHER_PHOTOS)] if kinds[n % 5] == "photo" else f"junk {n}")
        for n in range(count)
    ]


def _twin(alike: list[Scene], place: int, turn: int) -> str:
    scene = alike[(place + 3 * turn) % len(alike)]
    return f"{scene.kind}|{scene.name}"


def _numbered(counts: dict[str, int], stem: str) -> list[Scene]:
    return [Scene(kind, f"{stem} {kind} {number}") for kind, count in counts.items() for number in range(count)]


def _photo(name: str) -> Image:
    return np.asarray(PIL.Image.open(PHOTOS / name).convert("RGB"))


def _drawn(draw: Callable[[np.random.Generator], Image], name: str) -> Image:
    return draw(generator(name))


def _terrace(name: str) -> Image:
    """Draw a house whose windows are all alike, and like those of other houses of its architect."""
    rng = generator(name)
    house = _drawn(drawing.facade, name)
    pattern = _drawn(drawing.facade, f"architect {rng.integers(ARCHITECTS)}")[95:235, :128]
    columns, storeys = int(rng.integers(4, 8)), int(rng.integers(2, 4))
    width, height = 640 // columns, 300 // storeys
    tint = rng.uniform(0.75, 1.1, 3)
    window = np.clip(cv2.resize(pattern, (width, height), interpolation=cv2.INTER_AREA) * tint, 0, 255).astype(np.uint8)
    house[90 : 90 + storeys * height, : columns * width] = np.tile(window, (storeys, columns, 1))
    return house


def _mirror(name: str) -> Image:
    """Draw a landmark's mirror image in other colours, a third of it rebuilt."""
    _, kind, original = name.split("|")
    rng = generator(name)
    turned = np.ascontiguousarray(_KINDS[kind](original)[:, ::-1])
    other = _drawn(drawing.facade, name)
    start = int(rng.integers(0, 427))
    turned[:, start : start + 213] = other[:, start : start + 213]
    return np.clip(turned * rng.uniform(0.8, 1.15, 3), 0, 255).astype(np.uint8)


def _crowd(name: str) -> Image:
    """Draw people in front of nothing in particular."""
    rng = generator(name)
    image = np.ascontiguousarray(cv2.GaussianBlur(drawing.clutter(rng), (0, 0), 9))
    for depth in np.sort(rng.uniform(0.3, 1.0, int(rng.integers(5, 14)))):
        x, tall = int(rng.integers(0, 640)), int(400 * depth)
        coat = tuple(map(int, rng.integers(10, 230, 3)))
        cv2.ellipse(image, (x, 480), (tall // 5, tall * 2 // 3), 0, 180, 360, coat, -1, cv2.LINE_AA)
        cv2.circle(image, (x, 480 - tall * 3 // 4), tall // 9, (196, 160, 136), -1, cv2.LINE_AA)
    return image


_KINDS: dict[str, Callable[[str], Image]] = {
    "photo": _photo,
    "facade": partial(_drawn, drawing.facade),
    "terrace": _terrace,
    "poster": partial(_drawn, drawing.poster),
    "mosaic": partial(_drawn, drawing.mosaic),
    "clutter": partial(_drawn, drawing.clutter),
    "crowd": _crowd,
    "mirror": _mirror,
}
