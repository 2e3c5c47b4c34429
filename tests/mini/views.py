"""How the mini dataset photographs a scene: where the camera stands, what is in the way, what the light does."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
"""RGB, shape (height, width, 3)."""

ASPECTS = (4 / 3, 3 / 2, 1.0, 3 / 4, 2 / 3)
"""Width over height of a photograph."""


@dataclass(frozen=True, kw_only=True)
class Camera:
    """How far views of a scene differ."""

    sides_px: tuple[int, int] = (320, 480)  # of the longer side
    zoom: tuple[float, float] = (0.65, 0.95)  # side of the view, as a share of the largest that fits the scene
    tilt: float = 0.14  # largest shift of a corner, as a share of the view's side
    turn_deg: float = 9.0
    exposure: float = 0.25  # largest stray of the gain from 1, and of the gamma
    cast: float = 0.06  # largest stray of a channel's gain from 1
    blur_px: float = 1.1  # largest standard deviation
    noise: float = 9.0  # largest standard deviation, of 255
    passers: int = 2  # most things in front of the scene


def photograph(scene: Image, camera: Camera, rng: np.random.Generator) -> Image:
    """Return one view of a scene.

    Parameters
    ----------
    scene : ndarray, uint8, shape (height, width, 3)
        RGB.
    camera : Camera
        How far the view may stray.
    rng : numpy.random.Generator
        Decides everything; the same state gives the same view.

    Returns
    -------
    ndarray, uint8, shape (height, width, 3)
        RGB, the longer side within ``camera.sides_px``.
    """
    view = _taken(scene, camera, rng)
    for _ in range(int(rng.integers(0, camera.passers + 1))):
        view = _obstructed(view, rng)
    return _developed(_lit(view, camera, rng), camera, rng)


def _taken(scene: Image, camera: Camera, rng: np.random.Generator) -> Image:
    aspect = float(rng.choice(ASPECTS))
    longer = int(rng.integers(camera.sides_px[0], camera.sides_px[1] + 1))
    width, height = (longer, round(longer / aspect)) if aspect >= 1 else (round(longer * aspect), longer)
    corners = _standpoint(scene.shape[:2], aspect, camera, rng)
    frame = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    mapping = cv2.getPerspectiveTransform(corners.astype(np.float32), frame)
    return cv2.warpPerspective(
        scene, mapping, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
    )


def _standpoint(size: tuple[int, ...], aspect: float, camera: Camera, rng: np.random.Generator) -> NDArray[np.float64]:
    height, width = size
    side = np.array([min(width, height * aspect), min(height, width / aspect)]) * rng.uniform(*camera.zoom)
    centre = side / 2 + rng.uniform(size=2) * (np.array([width, height]) - side)
    turn = np.deg2rad(rng.uniform(-camera.turn_deg, camera.turn_deg))
    square = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) / 2
    square = square + rng.uniform(-camera.tilt, camera.tilt, (4, 2))
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return centre + (square * side) @ rotation.T


def _obstructed(view: Image, rng: np.random.Generator) -> Image:
    kind = rng.choice([_passer, _pole, _branch])
    layer = view.copy()
    kind(layer, rng)
    return cv2.addWeighted(layer, 0.92, view, 0.08, 0)


def _passer(view: Image, rng: np.random.Generator) -> None:
    height, width = view.shape[:2]
    x, tall = int(rng.integers(0, width)), int(height * rng.uniform(0.3, 0.55))
    coat = tuple(map(int, rng.integers(20, 110) + rng.integers(0, 40, 3)))
    cv2.ellipse(view, (x, height), (tall // 4, tall * 3 // 4), 0, 180, 360, coat, -1, cv2.LINE_AA)
    cv2.circle(view, (x, height - tall * 7 // 8), tall // 8, (196, 160, 136), -1, cv2.LINE_AA)
    cv2.ellipse(
        view, (x, height - tall * 15 // 16), (tall // 8, tall // 10), 0, 180, 360, (50, 38, 30), -1, cv2.LINE_AA
    )


def _pole(view: Image, rng: np.random.Generator) -> None:
    height, width = view.shape[:2]
    top, bottom = rng.integers(0, width) + rng.integers(-12, 13, 2)
    thickness = max(3, int(width * rng.uniform(0.02, 0.05)))
    cv2.line(view, (int(top), 0), (int(bottom), height), (int(rng.integers(40, 110)),) * 3, thickness, cv2.LINE_AA)


def _branch(view: Image, rng: np.random.Generator) -> None:
    height, width = view.shape[:2]
    corner = np.array([rng.choice([0, width]), rng.choice([0, 0, height])])
    for _ in range(70):
        centre = corner + rng.normal(0, 0.13, 2) * (width, height)
        leaf = (int(rng.integers(20, 70)), int(rng.integers(60, 130)), int(rng.integers(15, 60)))
        size = (int(rng.integers(5, 13)), int(rng.integers(3, 7)))
        place = (int(centre[0]), int(centre[1]))
        cv2.ellipse(view, place, size, float(rng.uniform(0, 180)), 0, 360, leaf, -1, cv2.LINE_AA)


def _lit(view: Image, camera: Camera, rng: np.random.Generator) -> NDArray[np.float64]:
    gamma = 1 + rng.uniform(-camera.exposure, camera.exposure)
    gain = (1 + rng.uniform(-camera.exposure, camera.exposure)) * (1 + rng.uniform(-camera.cast, camera.cast, 3))
    return 255 * (view / 255.0) ** gamma * gain * _shade(view.shape[:2], rng)[..., np.newaxis]


def _shade(size: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float64]:
    y, x = np.mgrid[: size[0], : size[1]] / np.array(size).reshape(2, 1, 1) - 0.5
    angle, depth = rng.uniform(0, 2 * np.pi), rng.uniform(0, 0.5)
    return 1 + depth * (np.cos(angle) * x + np.sin(angle) * y) - rng.uniform(0, 0.6) * (x * x + y * y)


def _developed(light: NDArray[np.float64], camera: Camera, rng: np.random.Generator) -> Image:
    sigma = rng.uniform(0.2, camera.blur_px)
    soft = cv2.GaussianBlur(light, (0, 0), sigma)
    grain = rng.normal(0, rng.uniform(1, camera.noise), light.shape)
    return np.clip(np.rint(soft + grain), 0, 255).astype(np.uint8)
