"""Planar scenes drawn from a random generator: house fronts, posters, a tiled wall, heaps of small things."""

import colorsys
import hashlib

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
"""RGB, shape (height, width, 3)."""

Colour = tuple[int, ...]
"""RGB, 0 to 255."""

WORDS = ["ARIA", "BRIO", "CODA", "DUET", "ECHO", "FUGA", "GIGA", "HYMN", "IRIS", "JOTA", "KYRIE", "LIED"]


def generator(name: str) -> np.random.Generator:
    """Return the generator that belongs to a name: the same on every machine and in every run."""
    return np.random.default_rng(list(hashlib.sha256(name.encode()).digest()))


def facade(rng: np.random.Generator) -> Image:
    """Draw a house front: storeys of windows no two of which are quite alike, a door, a cornice, some sky."""
    image = _weathered(rng, 520, 640, _stucco(rng))
    columns, storeys = int(rng.integers(4, 7)), int(rng.integers(3, 5))
    _courses(image, rng)
    _sky(image[:70], rng)
    cv2.rectangle(image, (0, 62), (640, 84), _tint(rng, 90, 230), -1)
    for x in range(4, 640, 16):
        cv2.rectangle(image, (x, 70), (x + 7, 80), _tint(rng, 40, 120), -1)
    width, height = 640 // columns, 400 // storeys
    trim = _tint(rng, 90, 250)
    for row in range(storeys):
        for column in range(columns):
            _window(image, rng, trim, column * width, 95 + row * height, width, height)
    _door(image, rng, int(rng.integers(0, columns)) * width + width // 4, width // 2)
    return _grained(image, rng, 5)


def poster(rng: np.random.Generator) -> Image:
    """Draw a poster: overlapping shapes, a title, lines of small print."""
    image = _weathered(rng, 640, 480, np.array(_tint(rng, 60, 250)))
    for _ in range(26):
        _shape(image, rng, int(rng.integers(25, 110)))
    for line in range(3):
        text = " ".join(rng.choice(WORDS, 2))
        place = (int(rng.integers(8, 60)), int(90 + 190 * line + rng.integers(0, 60)))
        cv2.putText(image, text, place, cv2.FONT_HERSHEY_TRIPLEX, 1.9, _tint(rng, 0, 256), 4, cv2.LINE_AA)
    for line in range(5):
        text = " ".join(rng.choice(WORDS, 7)).lower()
        cv2.putText(
            image, text, (12, 545 + 20 * line), cv2.FONT_HERSHEY_SIMPLEX, 0.5, _tint(rng, 0, 90), 1, cv2.LINE_AA
        )
    return _grained(image, rng, 4)


def mosaic(rng: np.random.Generator) -> Image:
    """Draw a wall of small tiles in a few glazes, some of them with a motif."""
    image = _weathered(rng, 480, 640, np.array([150, 140, 128]))
    glazes = np.array([_tint(rng, 40, 240) for _ in range(6)])
    side = 32
    for y in range(0, 480, side):
        for x in range(0, 640, side):
            glaze = glazes[rng.integers(6)] + rng.integers(-14, 15, 3)
            cv2.rectangle(image, (x + 2, y + 2), (x + side - 3, y + side - 3), _clipped(glaze), -1)
            if rng.random() < 0.55:
                _shape(image[y + 4 : y + side - 4, x + 4 : x + side - 4], rng, int(rng.integers(6, 14)))
    return _grained(image, rng, 5)


def clutter(rng: np.random.Generator) -> Image:
    """Draw a heap of small things of one palette, with nothing in it to recognise."""
    image = _weathered(rng, 480, 640, np.array(_tint(rng, 50, 130)))
    palette = np.array([_tint(rng, 40, 220) for _ in range(5)])
    for _ in range(1400):
        centre = (int(rng.integers(0, 640)), int(rng.integers(0, 480)))
        axes = (int(rng.integers(5, 22)), int(rng.integers(3, 9)))
        colour = _clipped(palette[rng.integers(5)] + rng.integers(-25, 26, 3))
        cv2.ellipse(image, centre, axes, float(rng.uniform(0, 180)), 0, 360, colour, -1, cv2.LINE_AA)
        cv2.ellipse(image, centre, axes, float(rng.uniform(0, 180)), 0, 120, _clipped(np.array(colour) // 2), 1)
    return _grained(image, rng, 5)


def _window(image: Image, rng: np.random.Generator, trim: Colour, x: int, y: int, width: int, height: int) -> None:
    left, right = x + int(width * rng.uniform(0.16, 0.24)), x + int(width * rng.uniform(0.74, 0.84))
    top, bottom = y + int(height * 0.12), y + int(height * rng.uniform(0.72, 0.82))
    cv2.rectangle(image, (left - 6, top - 6), (right + 6, bottom + 6), trim, -1)
    cv2.rectangle(image, (left, top), (right, bottom), _tint(rng, 15, 90), -1)
    _curtain(image[top:bottom, left:right], rng)
    for share in np.linspace(0, 1, int(rng.integers(2, 5)))[1:-1]:
        middle = int(left + share * (right - left))
        cv2.line(image, (middle, top), (middle, bottom), (225, 222, 214), 3)
    bar = int(top + rng.uniform(0.25, 0.6) * (bottom - top))
    cv2.line(image, (left, bar), (right, bar), (225, 222, 214), 3)
    cv2.rectangle(image, (left - 10, bottom + 6), (right + 10, bottom + 13), _tint(rng, 90, 200), -1)
    if rng.random() < 0.5:
        _flowers(image, rng, left, right, bottom + 4)


def _curtain(pane: Image, rng: np.random.Generator) -> None:
    height, width = pane.shape[:2]
    fold = int(width * rng.uniform(0.1, 0.5))
    colour = _tint(rng, 120, 235)
    corners = [(0, 0), (fold, 0), (int(fold * rng.uniform(0.2, 1)), height), (0, height)]
    cv2.fillPoly(pane, [np.array(corners)], colour)
    for x in range(0, fold, 6):
        cv2.line(pane, (x, 0), (x, height), _clipped(np.array(colour) * 3 // 4), 1)
    glint = [(width, 0), (width, height // 2), (int(width * rng.uniform(0.4, 0.9)), 0)]
    cv2.fillPoly(pane, [np.array(glint)], _tint(rng, 90, 200))


def _flowers(image: Image, rng: np.random.Generator, left: int, right: int, y: int) -> None:
    for _ in range(28):
        centre = (int(rng.integers(left, right)), int(y - abs(rng.normal(0, 7))))
        colour = (40, int(rng.integers(90, 160)), 45) if rng.random() < 0.6 else _tint(rng, 120, 255)
        cv2.circle(image, centre, int(rng.integers(2, 5)), colour, -1, cv2.LINE_AA)


def _door(image: Image, rng: np.random.Generator, x: int, width: int) -> None:
    colour = _tint(rng, 30, 120)
    cv2.rectangle(image, (x - 8, 390), (x + width + 8, 520), _tint(rng, 140, 230), -1)
    cv2.rectangle(image, (x, 400), (x + width, 520), colour, -1)
    for panel in range(4):
        left, top = x + 8 + (panel % 2) * width // 2, 408 + (panel // 2) * 56
        cv2.rectangle(image, (left, top), (left + width // 2 - 16, top + 44), _clipped(np.array(colour) // 2), 3)
    sign = " ".join(rng.choice(WORDS, 1))
    cv2.putText(image, sign, (x + 4, 386), cv2.FONT_HERSHEY_DUPLEX, 0.8, (250, 245, 220), 2, cv2.LINE_AA)


def _courses(image: Image, rng: np.random.Generator) -> None:
    step = int(rng.integers(11, 20))
    joint = _clipped(image.mean((0, 1)) * 0.82)
    for row, y in enumerate(range(0, image.shape[0], step)):
        cv2.line(image, (0, y), (image.shape[1], y), joint, 1)
        for x in range((row % 2) * step, image.shape[1], 2 * step):
            cv2.line(image, (x, y), (x, y + step), joint, 1)


def _sky(strip: Image, rng: np.random.Generator) -> None:
    strip[:] = _weathered(rng, strip.shape[0], strip.shape[1], np.array([150, 180, 215]))


def _shape(image: Image, rng: np.random.Generator, size: int) -> None:
    height, width = image.shape[:2]
    centre = np.array([rng.integers(0, width), rng.integers(0, height)])
    if rng.random() < 0.4:
        cv2.circle(image, tuple(map(int, centre)), size // 2, _tint(rng, 0, 256), -1, cv2.LINE_AA)
        return
    corners = centre + rng.integers(-size, size + 1, (int(rng.integers(3, 6)), 2))
    cv2.fillPoly(image, [corners.astype(np.int32)], _tint(rng, 0, 256), cv2.LINE_AA)


def _weathered(rng: np.random.Generator, height: int, width: int, colour: NDArray[np.integer]) -> Image:
    stains = sum(
        amount
        * cv2.resize(rng.normal(size=(cells, cells)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
        for cells, amount in ((4, 10.0), (16, 7.0), (64, 4.0))
    )
    return np.clip(colour + stains[..., np.newaxis], 0, 255).astype(np.uint8)


def _grained(image: Image, rng: np.random.Generator, sigma: float) -> Image:
    return np.clip(image + rng.normal(0, sigma, image.shape), 0, 255).astype(np.uint8)


def _tint(rng: np.random.Generator, low: int, high: int) -> Colour:
    """A paint of brightness within [low, high), not too gaudy."""
    return _clipped(
        255 * np.array(colorsys.hsv_to_rgb(rng.uniform(), rng.uniform(0.05, 0.6), rng.uniform(low, high) / 255))
    )


def _stucco(rng: np.random.Generator) -> NDArray[np.float64]:
    """A wall's colour, as pale as the houses of a fishing village."""
    return 255 * np.array(colorsys.hsv_to_rgb(rng.uniform(), rng.uniform(0.2, 0.45), rng.uniform(0.6, 0.9)))


def _clipped(colour: NDArray) -> Colour:
    return tuple(map(int, np.clip(colour, 0, 255)))
