"""The split: a partition, in proportion, that leaves each landmark something to learn from."""

from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from landmarks.training.examples import Examples
from landmarks.training.settings import ValidationSettings
from landmarks.training.split import split

counts_of_classes = st.lists(st.integers(1, 12), min_size=1, max_size=12)


def examples(counts):
    labels = np.repeat(np.arange(len(counts)), counts).astype(np.int32)
    paths = np.array([f"train/{index:04d}.jpg" for index in range(len(labels))], np.bytes_)
    return Examples(root=Path(), paths=paths, labels=labels, classes=tuple(f"landmark-{k}" for k in range(len(counts))))


def landmarks(part):
    """The landmark of each file; None where it is not trained."""
    return {
        path: part.classes[label] if label >= 0 else None
        for path, label in zip(part.paths.tolist(), part.labels.tolist(), strict=True)
    }


@given(counts_of_classes, st.floats(0, 1), st.floats(0, 1), st.integers(0, 40), st.integers(0, 2**32))
def test_a_split_is_a_partition_and_labels_stay(counts, share, distractors, limit, seed):
    whole = examples(counts)
    settings = ValidationSettings(share=share, distractors=distractors, max_gallery=limit)
    parts = split(whole, settings, seed)
    assert sorted([*parts.train.paths, *parts.queries.paths]) == whole.paths.tolist()
    assert len(parts.gallery) == min(limit, len(parts.train))
    expected = landmarks(whole)
    assert {**landmarks(parts.train), **landmarks(parts.gallery)}.items() <= expected.items()
    trained = set(landmarks(parts.train).values())
    for path, landmark in landmarks(parts.queries).items():
        distractor = counts[whole.classes.index(expected[path])] == 1
        assert landmark == (None if distractor else expected[path])
        assert distractor or landmark in trained
    assert set(parts.train.classes) == trained


@given(counts_of_classes, st.floats(0, 0.5), st.integers(0, 2**32))
def test_each_landmark_is_held_out_in_proportion(counts, share, seed):
    parts = split(examples(counts), ValidationSettings(share=share), seed)
    held_out = np.bincount(parts.queries.labels, minlength=len(counts))
    for count, queries in zip(counts, held_out, strict=True):
        assert abs(queries - (count * share if count > 1 else 0)) < 1 + 1e-9
        assert queries < count


def test_the_same_seed_splits_equally_and_another_otherwise():
    whole, settings = examples([8] * 6), ValidationSettings(share=0.3)
    first, again, other = (split(whole, settings, seed).queries.paths.tolist() for seed in (1, 1, 2))
    assert first == again != other


def test_queries_and_gallery_are_limited_and_the_gallery_holds_what_is_asked_for():
    settings = ValidationSettings(share=0.5, max_queries=6, max_gallery=8)
    parts = split(examples([10] * 20), settings, seed=3)
    assert len(parts.queries) == 6
    assert len(parts.gallery) == 8
    assert set(parts.queries.labels) <= set(parts.gallery.labels)


def test_distractors_are_single_images_whose_class_is_not_trained():
    parts = split(examples([1, 4, 1, 1, 1]), ValidationSettings(share=0, distractors=0.5), seed=0)
    assert parts.queries.labels.tolist() == [-1, -1]
    assert len(parts.train.classes) == 3
    assert parts.train.counts().tolist() == [4 if name == "landmark-1" else 1 for name in parts.train.classes]
