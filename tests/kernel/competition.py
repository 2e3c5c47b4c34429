"""Small competitions, drawn on the spot."""

import csv

import cv2
import numpy as np
from PIL import Image

from landmarks.dataset import image_path

GALLERY = {"0a00": "11", "0a01": "11", "1b00": "22", "1b01": "22", "2c00": "33"}
QUERIES = {"3d00": "11", "3d01": "22", "4e00": "33"}


def scene(seed, shape=(300, 400)):
    """A picture with corners and blobs of every size, the same for the same seed."""
    rng = np.random.default_rng(seed)
    layers = [
        cv2.resize(rng.integers(0, 256, (rows, 4 * rows // 3, 3), np.uint8), shape[::-1], interpolation=cv2.INTER_CUBIC)
        for rows in (6, 14, 30)
    ]
    return np.mean(layers, axis=0).astype(np.uint8)


def view(picture, seed):
    """The picture seen a little from the side."""
    rng = np.random.default_rng(seed)
    height, width = picture.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    moved = (corners + rng.uniform(-0.06, 0.06, (4, 2)) * (width, height)).astype(np.float32)
    return cv2.warpPerspective(picture, cv2.getPerspectiveTransform(moved, corners), (width, height))


def write(root, shape=(300, 400)):
    """Write a competition in which every landmark is a scene and every image a view of it."""
    for split, images in (("train", GALLERY), ("test", QUERIES)):
        for image_id, label in images.items():
            save(root, split, image_id, view(scene(int(label), shape), seed=int(image_id, 16)))
    table(root / "train.csv", ("id", "landmark_id"), GALLERY.items())
    table(root / "sample_submission.csv", ("id", "landmarks"), [(image_id, "11 0.1") for image_id in QUERIES])
    return root


def save(root, split, image_id, picture):
    path = image_path(root, split, image_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(path, quality=95)
    return path


def table(path, header, rows):
    with path.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])
