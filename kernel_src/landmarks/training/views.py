"""A figure of the training data: photographs with augmented views."""

from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from landmarks.dataset import image_path, read_labels
from landmarks.errors import UnreadableImage
from landmarks.training.augmentation import augment
from landmarks.training.data import Images
from landmarks.training.recipes import Recipe

PHOTOS, VIEWS = 4, 5
GAP_PX = 8
PAPER = (255, 255, 255)


def draw_views(competition: Path, recipe: Recipe) -> Image.Image:
    """Draw photographs of different landmarks, one per row, each followed by augmented views.

    Parameters
    ----------
    competition : Path
        Contains ``train.csv`` and the folder ``train``.
    recipe : Recipe
        Defines the image size (that of the last stage) and the augmentation.

    Returns
    -------
    PIL.Image.Image
        RGB. Photographs that cannot be read are skipped.
    """
    training = recipe.training
    size_px = training.stages[-1].size_px
    images = Images(recipe.network, training.data)
    photos: list[NDArray[np.float32]] = []
    for image_id in _of_different_landmarks(competition):
        try:
            photos.append(images.pixels(image_path(competition, "train", image_id), size_px))
        except UnreadableImage:
            continue
        if len(photos) == PHOTOS:
            break
    rows = [
        [photo, *(augment(photo, (training.seed, view), training.augmentation).numpy() for view in range(VIEWS))]
        for photo in photos
    ]
    return _drawn(rows, size_px)


def _of_different_landmarks(competition: Path) -> list[str]:
    first: dict[str, str] = {}
    for image_id, landmark in read_labels(competition / "train.csv").items():
        first.setdefault(landmark, image_id)
    return [*islice(first.values(), 10 * PHOTOS)]


def _drawn(rows: list[list[Any]], size_px: int) -> Image.Image:
    step = size_px + GAP_PX
    drawn = Image.new("RGB", ((1 + VIEWS) * step + GAP_PX, max(len(rows), 1) * step + GAP_PX), PAPER)
    for row, images in enumerate(rows):
        for column, bgr in enumerate(images):
            rgb = np.clip(255.0 * np.asarray(bgr)[..., ::-1], 0, 255).round().astype(np.uint8)
            drawn.paste(Image.fromarray(rgb), (GAP_PX + column * step, GAP_PX + row * step))
    return drawn
