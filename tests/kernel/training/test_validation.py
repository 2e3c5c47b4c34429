"""Validation: retrieval on held-out images by the project's own metric."""

from pathlib import Path

import numpy as np
import pytest

from landmarks.errors import UnreadableImage
from landmarks.settings import RetrievalSettings
from landmarks.training.examples import Examples
from landmarks.training.settings import StageSettings, ValidationSettings
from landmarks.training.split import Split
from landmarks.training.validation import Validation, validate

# Angles of the images, in degrees: what the embeddings are made of.
GALLERY = {"a0": (0, 0), "a1": (4, 0), "b0": (90, 1), "b1": (94, 1)}
QUERIES = {"qa": (1, 0), "qb": (60, 1), "qx": (12, -1), "qc": (20, 2)}
NEAREST = ValidationSettings(retrieval=RetrievalSettings(neighbours=2))


class Angles:
    """Images whose first value is their angle."""

    def __init__(self, angles):
        self._angles = angles

    def pixels(self, path, size_px):
        if path.stem not in self._angles:
            raise UnreadableImage(f"{path}: unreadable image; replace the file")
        return np.full((size_px, size_px, 3), self._angles[path.stem], np.float32)


def embed(images):
    assert images.shape == (3, 2, 2, 3)
    angle = np.radians(images[:, 0, 0, 0])
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


def part(entries):
    paths = np.array([f"{name}.jpg" for name in entries], np.bytes_)
    labels = np.array([label for _, label in entries.values()], np.int32)
    return Examples(root=Path(), paths=paths, labels=labels, classes=("7", "8", "9"))


def judged(gallery, queries, unreadable=()):
    images = Angles({name: angle for name, (angle, _) in {**gallery, **queries}.items() if name not in unreadable})
    parts = Split(train=part(gallery), gallery=part(gallery), queries=part(queries))
    return validate(embed, parts, images, NEAREST, StageSettings(size_px=2, epochs=1, batch=3))


def test_gap_and_top_1_are_those_of_retrieval():
    queries = {name: QUERIES[name] for name in ("qa", "qb")}
    assert judged(GALLERY, queries) == Validation(gap=1.0, top1=1.0, queries=2, gallery=4)


def test_a_distractor_takes_a_place_and_a_landmark_outside_the_gallery_is_missed():
    # In the order of their scores: qa right, qx without a right answer, qc wrong, qb right.
    assert judged(GALLERY, QUERIES) == Validation(gap=pytest.approx((1 + 2 / 4) / 3), top1=2 / 3, queries=4, gallery=4)


def test_an_unreadable_query_is_missed_and_an_unreadable_gallery_image_left_out(caplog):
    queries = {name: QUERIES[name] for name in ("qa", "qb")}
    judgement = judged(GALLERY, queries, unreadable=("b0", "qb"))
    assert judgement == Validation(gap=0.5, top1=0.5, queries=2, gallery=3)
    assert caplog.messages == [
        "left out of the validation: b0.jpg: unreadable image; replace the file",
        "left out of the validation: qb.jpg: unreadable image; replace the file",
    ]


def test_without_queries_everything_is_nought():
    assert judged(GALLERY, {}) == Validation(gap=0.0, top1=0.0, queries=0, gallery=4)
