"""Training in memory: it learns, it repeats itself, and it shows the network plausible views."""

import numpy as np
import pytest
import tensorflow as tf

from landmarks.settings import HeadSettings, NetworkSettings
from landmarks.training import AugmentationSettings, StageSettings, TrainingSettings
from landmarks.training.augmentation import augment
from tests.mini.in_memory import batches, train

pytestmark = pytest.mark.usefixtures("tiny_backbone")
NONE = AugmentationSettings(min_crop=1.0, brightness=0, contrast=0, colour=0, noise=0, occlusion=0)
TINY = NetworkSettings(
    backbone="efficientnet-b0", input_px=32, classes=2, embedding=8, dropout=0.0, head=HeadSettings(scale=8.0)
)
SHORT = TrainingSettings(
    stages=(StageSettings(size_px=32, epochs=5, batch=8, learning_rate=3e-3),),
    normalisation_momentum=0.6,
    branch_dropout=0.0,
    augmentation=NONE,
)


@pytest.fixture(scope="module")
def stripes():
    """Two classes: stripes that run down, stripes that run across."""
    rng = np.random.default_rng(6)
    down = np.tile(np.repeat([0.1, 0.9], 4), 4)[np.newaxis, :, np.newaxis] * np.ones((32, 1, 3))
    pictures = [(down if label else down.swapaxes(0, 1)) + rng.normal(0, 0.05, (32, 32, 3)) for label in [0, 1] * 8]
    return np.clip(pictures, 0, 1).astype(np.float32), np.array([0, 1] * 8, np.int32)


@pytest.fixture(scope="module")
def reports():
    return []


@pytest.fixture(scope="module")
def trained(stripes, reports, tiny_backbone):
    return train(*stripes, TINY, SHORT, lambda *line: reports.append(line))


@pytest.mark.full
def test_training_tells_classes_apart(trained, stripes):
    images, labels = stripes
    predicted = trained((images, labels), training=False).numpy().argmax(axis=1)
    assert (predicted == labels).mean() >= 0.9


@pytest.mark.full
def test_each_epoch_is_reported(trained, reports):
    assert [epoch for epoch, _, _ in reports] == list(range(1, 6))
    assert reports[-1][1] < reports[0][1]
    assert all(0 <= right <= 1 for _, _, right in reports)


@pytest.mark.full
def test_the_settings_reach_every_layer_of_the_backbone(trained):
    backbone = trained.get_layer("efficientnet-b0")
    assert backbone.get_layer("stem_bn").momentum == 0.6
    assert backbone.get_layer("block2b_project_bn").momentum == 0.6
    assert backbone.get_layer("block2b_drop").rate == 0.0


@pytest.mark.full
def test_the_same_seed_gives_the_same_batches(stripes):
    def drawn(seed):
        settings = TrainingSettings(stages=(StageSettings(size_px=32, epochs=1, batch=5),), seed=seed)
        return [(image.numpy(), label.numpy()) for (image, _), label in batches(*stripes, settings)]

    first, again, other = drawn(1), drawn(1), drawn(2)
    assert [len(label) for _, label in first] == [5, 5, 5, 1]
    for (image, label), (image_again, label_again) in zip(first, again, strict=True):
        np.testing.assert_array_equal(image, image_again)
        np.testing.assert_array_equal(label, label_again)
    assert not np.array_equal(first[0][0], other[0][0])


@pytest.mark.full
def test_a_second_epoch_sees_other_views(stripes):
    epochs = batches(*stripes, TrainingSettings(stages=(StageSettings(size_px=32, epochs=1, batch=16),)))
    (first,), (second,) = ([image.numpy() for (image, _), _ in epochs] for _ in range(2))
    assert not np.array_equal(first, second)


@pytest.mark.full
def test_every_image_comes_once_an_epoch_with_its_label(stripes):
    images, labels = stripes
    found = [
        (picture, int(label))
        for (batch, _), batch_labels in batches(images, labels, SHORT)
        for picture, label in zip(batch.numpy(), batch_labels.numpy(), strict=True)
    ]
    wanted = {image.tobytes(): int(label) for image, label in zip(images, labels, strict=True)}
    nearest = [int(np.argmin([np.abs(picture - image).max() for image in images])) for picture, _ in found]
    assert sorted(nearest) == list(range(len(wanted)))
    assert [labels[index] for index in nearest] == [label for _, label in found]


def test_settings_of_nought_leave_an_image_alone(stripes):
    view = augment(tf.constant(stripes[0][0]), tf.constant([1, 2]), NONE)
    np.testing.assert_allclose(view.numpy(), stripes[0][0], atol=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_views_keep_their_size_and_range(stripes, seed):
    view = augment(tf.constant(stripes[0][0]), tf.constant([seed, 3]), AugmentationSettings()).numpy()
    assert view.shape == (32, 32, 3)
    assert view.dtype == np.float32
    assert 0 <= view.min() < view.max() <= 1


def test_an_occlusion_blanks_one_rectangle():
    settings = AugmentationSettings(min_crop=1.0, brightness=0, contrast=0, colour=0, noise=0, occlusion=0.5)
    image = tf.random.stateless_uniform((40, 40, 3), (1, 1))
    changed = (augment(image, tf.constant([4, 9]), settings).numpy() != image.numpy()).any(axis=2)
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    assert 0 < len(rows) <= 21
    assert 0 < len(columns) <= 21
    assert changed[np.ix_(rows, columns)].all()
    assert changed.sum() == len(rows) * len(columns)
