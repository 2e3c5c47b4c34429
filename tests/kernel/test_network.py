"""The classifier, its ArcFace head, and the embedding in front of it."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tensorflow import GradientTape, constant, keras

from landmarks.heads import ArcMarginProduct
from landmarks.network import BACKBONES, GeneralizedMean, classifier, embedding_model, encoder
from landmarks.settings import HeadSettings, NetworkSettings

pytestmark = pytest.mark.usefixtures("tiny_backbone")
TINY = NetworkSettings(backbone="efficientnet-b0", resize_px=32, input_px=32, classes=5, embedding=8)


@pytest.fixture(scope="module")
def tiny(tiny_backbone):
    return classifier(TINY)


def head(weights: np.ndarray, **settings) -> ArcMarginProduct:
    layer = ArcMarginProduct(weights.shape[1], **settings)
    layer.build([(None, weights.shape[0]), (None,)])
    layer.set_weights([weights])
    return layer


def logits(embeddings, labels, weights, **settings) -> np.ndarray:
    return head(weights, **settings)([constant(embeddings), constant(labels)]).numpy()


def expected(cosine: float, s: float, m: float, easy: bool, epsilon: float, classes: int, is_label: bool) -> float:
    """The published formula for one angle, in float64."""
    angle = math.acos(cosine)
    shifted = math.cos(angle + m)
    if easy:
        shifted = shifted if cosine > 0 else cosine
    elif cosine <= math.cos(math.pi - m):
        shifted = cosine - m * math.sin(math.pi - m)
    share = (1 - epsilon) * is_label + epsilon / classes
    return s * (share * shifted + (1 - share) * cosine)


@settings(max_examples=60, deadline=None)
@given(
    angle=st.floats(0.01, math.pi - 0.01),
    m=st.floats(0.05, 1.0),
    easy=st.booleans(),
    epsilon=st.sampled_from([0.0, 0.1]),
)
def test_the_margin_is_added_to_the_angle_of_the_true_class(angle, m, easy, epsilon):
    weights = np.eye(2, dtype=np.float32)
    point = 3 * np.array([[math.cos(angle), math.sin(angle)]], np.float32)
    found = logits(point, [0], weights, s=64.0, m=m, easy_margin=easy, ls_eps=epsilon)[0]
    wanted = [
        expected(math.cos(angle), 64, m, easy, epsilon, 2, True),
        expected(math.sin(angle), 64, m, easy, epsilon, 2, False),
    ]
    if abs(math.cos(angle) - math.cos(math.pi - m)) > 1e-4 and abs(math.cos(angle)) > 1e-4:
        np.testing.assert_allclose(found, wanted, atol=5e-3)


def test_defaults_are_those_of_the_paper():
    config = ArcMarginProduct(7).get_config()
    assert {key: config[key] for key in ("n_classes", "s", "m", "easy_margin", "ls_eps")} == {
        "n_classes": 7,
        "s": 30.0,
        "m": 0.5,
        "easy_margin": False,
        "ls_eps": 0.0,
    }


def test_an_embedding_on_its_class_gives_finite_logits_and_gradients():
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(16, 64)).astype(np.float32)
    layer = head(weights, s=64.0, m=0.15)
    points, labels = constant(weights.T.copy()), constant(np.arange(64))
    cosines = weights.T @ weights / np.outer(*[np.linalg.norm(weights, axis=0)] * 2)
    assert (cosines.diagonal() > 1).any()
    with GradientTape() as tape:
        tape.watch(points)
        found = layer([points, labels])
    gradients = tape.gradient(found, [points, layer.W])
    assert all(np.isfinite(value).all() for value in (found, *gradients))


def test_opposite_embeddings_keep_falling():
    weights = np.array([[1.0], [0.0]], np.float32)
    found = logits(np.array([[-1.0, 0.0]], np.float32), [0], weights, s=1.0, m=0.5)
    assert found[0, 0] == pytest.approx(-1 - 0.5 * math.sin(0.5), abs=1e-6)


def test_the_head_survives_its_config():
    layer = ArcMarginProduct(9, s=64.0, m=0.15, easy_margin=True, ls_eps=0.2, name="head_arc_margin")
    copy = keras.layers.deserialize(keras.layers.serialize(layer))
    assert isinstance(copy, ArcMarginProduct)
    assert copy.get_config() == layer.get_config()


def test_the_classifier_has_the_seed_s_layers_in_order(tiny):
    assert [layer.name for layer in tiny.layers] == [
        "inp1",
        "efficientnet-b0",
        "global_average_pooling2d",
        "dropout",
        "dense",
        "inp2",
        "head_arc_margin",
        "softmax",
    ]
    assert [tensor.name for tensor in tiny.inputs] == ["inp1", "inp2"]
    assert tiny.inputs[0].shape == (None, 32, 32, 3)
    assert tiny.get_layer("dropout").rate == 0.3
    assert tiny.get_layer("dense").activation is keras.activations.linear


def test_the_classifier_is_compiled_as_the_seed_s(tiny):
    assert isinstance(tiny.optimizer, keras.optimizers.Adam)
    assert float(tiny.optimizer.learning_rate) == pytest.approx(1e-4)
    assert isinstance(tiny.loss, keras.losses.SparseCategoricalCrossentropy)
    assert not tiny.loss.get_config()["from_logits"]
    losses = tiny.evaluate((np.zeros((2, 32, 32, 3)), np.array([0, 4])), np.array([0, 4]), verbose=0, return_dict=True)
    assert set(losses) == {"loss", "sparse_categorical_accuracy"}


def test_probabilities_sum_to_one(tiny):
    images = np.random.default_rng(1).random((3, 32, 32, 3), np.float32)
    found = tiny((images, np.array([0, 1, 2]))).numpy()
    assert found.shape == (3, 5)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)


def test_the_head_takes_its_settings():
    margins = HeadSettings(scale=9.0, margin_rad=0.4, easy_margin=True, label_smoothing=0.1)
    layer = classifier(NetworkSettings(backbone="efficientnet-b0", input_px=32, classes=4, head=margins)).get_layer(
        "head_arc_margin"
    )
    assert (layer.n_classes, layer.s, layer.m, layer.easy_margin, layer.ls_eps) == (4, 9.0, 0.4, True, 0.1)


def test_the_embedding_is_what_the_head_reads(tiny):
    images = np.random.default_rng(2).random((2, 32, 32, 3), np.float32)
    model = embedding_model(tiny)
    assert model.layers[-1] is tiny.get_layer("dense")
    assert model(images).shape == (2, 8)
    assert len(model.inputs) == 1


def test_an_encoder_is_the_embedding_model_of_a_classifier(tiny):
    model = encoder(TINY)
    model.set_weights(embedding_model(tiny).get_weights())
    images = np.random.default_rng(3).random((2, 32, 32, 3), np.float32)
    np.testing.assert_array_equal(model(images), embedding_model(tiny)(images))


def test_every_backbone_of_the_family_has_a_name():
    assert list(BACKBONES) == [*(f"efficientnet-b{size}" for size in range(8)), "efficientnet-small"]


def test_the_generalised_mean_is_the_root_of_the_mean_power():
    features = np.random.default_rng(4).normal(size=(2, 3, 3, 5)).astype(np.float32)
    layer = GeneralizedMean()
    wanted = np.mean(np.maximum(features, 1e-6).astype(np.float64) ** 3, axis=(1, 2)) ** (1 / 3)
    np.testing.assert_allclose(layer(features), wanted, rtol=1e-4)
    layer.set_weights([np.array([1.0])])
    np.testing.assert_allclose(layer(features), np.maximum(features, 1e-6).mean(axis=(1, 2)), rtol=1e-4)


def test_pooling_is_chosen_by_the_settings_and_the_default_keeps_its_layout(tiny):
    gem = encoder(replace(TINY, pooling="gem"))
    assert isinstance(gem.layers[2], GeneralizedMean)
    assert len(gem.weights) == len(encoder(TINY).weights) + 1
    with pytest.raises(ValueError, match=r"NetworkSettings.pooling = 'max'; write one of average, gem"):
        encoder(replace(TINY, pooling="max"))


def test_a_network_of_any_size_has_the_weights_of_one_size(tiny):
    free = classifier(TINY, any_size=True)
    free.set_weights(tiny.get_weights())
    images = np.random.default_rng(5).random((2, 32, 32, 3), np.float32)
    labels = np.array([0, 1])
    np.testing.assert_array_equal(free((images, labels)), tiny((images, labels)))
    assert free((images[:, :24, :24], labels)).shape == (2, 5)
