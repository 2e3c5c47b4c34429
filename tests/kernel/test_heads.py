"""The heads' options against NumPy: sub-centres, margins per class, the plain classifier, sampled classes."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from tensorflow import keras

from landmarks.heads import ArcMarginProduct, LinearHead, build_head, dynamic_margins, sampled_classes
from landmarks.settings import HeadSettings

RNG = np.random.default_rng(19)
EMBEDDINGS = RNG.normal(size=(6, 8)).astype(np.float32)
LABELS = np.array([0, 1, 2, 3, 4, 1], np.int32)
COUNTS = [1, 16, 81, 3, 0]


def built(layer, columns):
    layer.build([(None, 8), (None,)])
    layer.set_weights([np.random.default_rng(7).normal(size=(8, columns)).astype(np.float32)])
    return layer


def reference(weights, centres, margins):
    """ArcFace logits of scale 2 in float64: the nearest of a class's vectors, the class's own margin."""
    unit = EMBEDDINGS / np.linalg.norm(EMBEDDINGS, axis=1, keepdims=True).astype(np.float64)
    columns = weights / np.linalg.norm(weights, axis=0).astype(np.float64)
    logits = np.array(
        [[max(row @ columns[:, c * centres + k] for k in range(centres)) for c in range(5)] for row in unit]
    )
    for row, label in enumerate(LABELS):
        cosine, margin = logits[row, label], margins[label]
        within = cosine > np.cos(np.pi - margin)
        shifted = np.cos(np.arccos(cosine) + margin)
        logits[row, label] = shifted if within else cosine - margin * np.sin(np.pi - margin)
    return 2.0 * logits


@pytest.mark.parametrize("centres", [1, 3])
@pytest.mark.parametrize("margins", [None, [0.1, 0.2, 0.3, 0.4, 0.5]])
def test_the_nearest_centre_counts_and_each_class_has_its_margin(centres, margins):
    layer = built(ArcMarginProduct(5, s=2.0, m=0.15, sub_centres=centres, margins=margins), 5 * centres)
    logits = layer([EMBEDDINGS, LABELS])
    wanted = reference(layer.get_weights()[0], centres, margins or [0.15] * 5)
    np.testing.assert_allclose(logits, wanted, atol=1e-5)


def test_the_plain_classifier_neither_normalises_nor_sets_back():
    layer = built(LinearHead(5), 5)
    np.testing.assert_allclose(layer([EMBEDDINGS, LABELS]), EMBEDDINGS @ layer.get_weights()[0], rtol=1e-5)


@pytest.mark.parametrize(
    "layer",
    [ArcMarginProduct(5, s=2.0), ArcMarginProduct(5, sub_centres=2, margins=[0.1, 0.2, 0.3, 0.4, 0.5]), LinearHead(5)],
)
def test_logits_of_some_classes_are_columns_of_those_of_all(layer):
    built(layer, layer.columns)
    classes = tf.constant([0, 1, 4])
    labels, places = np.array([0, 1, 4, 4, 1, 0]), np.array([0, 1, 2, 2, 1, 0])
    some = layer.logits(tf.constant(EMBEDDINGS), tf.constant(places), classes)
    np.testing.assert_allclose(some, layer([EMBEDDINGS, labels]).numpy()[:, [0, 1, 4]], atol=1e-5)


def test_margins_fall_with_the_fourth_root_of_the_images():
    margins = dynamic_margins(COUNTS, (0.05, 0.5))
    rarity = [1.0, 1 / 2, 1 / 3, 3**-0.25, 1.0]
    np.testing.assert_allclose(margins, [0.05 + 0.45 * (r - 1 / 3) / (2 / 3) for r in rarity])


def test_classes_of_equal_size_get_the_middle_of_the_range():
    np.testing.assert_allclose(dynamic_margins([4, 4], (0.1, 0.3)), [0.2, 0.2])


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_a_sample_holds_the_shown_classes_once_and_repeats_itself(data):
    classes = data.draw(st.integers(2, 40))
    labels = tf.constant(data.draw(st.lists(st.integers(0, classes - 1), min_size=1, max_size=8)), tf.int32)
    size = data.draw(st.integers(min(len(labels), classes), classes))
    seed = tf.constant(data.draw(st.tuples(st.integers(0, 99), st.integers(0, 99))), tf.int32)
    sample = sampled_classes(labels, seed, classes=classes, sampled=size).numpy()
    assert len(set(sample)) == size
    assert set(labels.numpy()) <= set(sample) <= set(range(classes))
    assert sample.tolist() == sampled_classes(labels, seed, classes=classes, sampled=size).numpy().tolist()


def test_the_settings_choose_the_head():
    arcface = build_head(HeadSettings(sub_centres=3, margin_range_rad=(0.05, 0.5)), 5, COUNTS)
    assert (arcface.s, arcface.sub_centres, arcface.margins[0]) == (64.0, 3, pytest.approx(0.5))
    assert isinstance(build_head(HeadSettings(kind="softmax"), 5), LinearHead)


def test_an_unknown_head_and_margins_without_counts_are_refused():
    with pytest.raises(ValueError, match=r"HeadSettings.kind = 'cosface'; write one of arcface, softmax"):
        build_head(HeadSettings(kind="cosface"), 5)
    with pytest.raises(ValueError, match="needs the images of each class"):
        build_head(HeadSettings(margin_range_rad=(0.05, 0.5)), 5)


def test_options_survive_the_config():
    layer = ArcMarginProduct(3, sub_centres=2, margins=[0.1, 0.2, 0.3], name="head_arc_margin")
    assert keras.layers.deserialize(keras.layers.serialize(layer)).get_config() == layer.get_config()
