from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

from landmarks import embedding
from landmarks.dataset import Photo
from landmarks.embedding import Embedder
from landmarks.errors import WrongWeights
from landmarks.faults import ImageFaults
from landmarks.settings import EmbeddingSettings, NetworkSettings
from tests.kernel.competition import save, scene
from tests.kernel.reference import pixels

NETWORK = NetworkSettings(resize_px=24, input_px=32, embedding=6)
SETTINGS = EmbeddingSettings(batch=4, decode_threads=3)


def network(seed, input_px=32, size=6):
    tf.keras.utils.set_random_seed(seed)
    keras = tf.keras.layers
    image = keras.Input((input_px, input_px, 3))
    shown = keras.Conv2D(8, 3, activation="relu")(image)
    pooled = keras.Dropout(0.5)(keras.GlobalAveragePooling2D()(shown))
    return tf.keras.Model(image, keras.Dense(size)(pooled))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("photos")


@pytest.fixture(scope="module")
def photos(folder):
    return [Photo(f"{n:04x}", save(folder, "test", f"{n:04x}", scene(n, (60, 80)))) for n in range(10)]


def vectors(embedder, photos):
    return np.stack([vector for _, vector in embedder(photos)])


def plain(models, photo):
    """Each model on its own, one image at a time."""
    views = [(model, pixels.for_global_model(photo.path, sizes.resize_px, sizes.input_px)) for model, sizes in models]
    return np.concatenate([model(view[None], training=False)[0] for model, view in views])


@pytest.mark.parametrize("batch", [1, 4, 16])
def test_embeddings_are_those_of_one_image_at_a_time(photos, batch):
    models = [(network(0), NETWORK)]
    found = [*Embedder(models, replace(SETTINGS, batch=batch))(photos)]
    assert [photo for photo, _ in found] == photos
    for photo, vector in found:
        assert (vector.shape, vector.dtype) == ((6,), np.float32)
        np.testing.assert_allclose(vector, plain(models, photo), atol=1e-5)


def test_models_of_different_sizes_are_put_side_by_side_as_they_are(photos):
    models = [(network(1), NETWORK), (network(2, 20, 3), replace(NETWORK, input_px=20)), (network(3), NETWORK)]
    found = vectors(Embedder(models, SETTINGS), photos)
    assert found.shape == (10, 15)
    np.testing.assert_allclose(found, [plain(models, photo) for photo in photos], atol=1e-5)


def test_the_parts_of_an_ensemble_have_the_norms_of_its_weights(photos):
    models = [(network(1), NETWORK), (network(2), NETWORK)]
    found = vectors(Embedder(models, replace(SETTINGS, weights=(2.0, 0.5))), photos)
    plainly = vectors(Embedder(models, SETTINGS), photos)
    for start, norm in ((0, 2.0), (6, 0.5)):
        part, own = found[:, start : start + 6], plainly[:, start : start + 6]
        np.testing.assert_allclose(part, norm * own / np.linalg.norm(own, axis=1, keepdims=True), rtol=1e-5)


def test_weights_that_are_not_one_per_model_are_refused():
    with pytest.raises(ValueError, match=r"weights = \(1\.0,\) for 2 models; write one per model"):
        Embedder([(network(1), NETWORK), (network(2), NETWORK)], replace(SETTINGS, weights=(1.0,)))


def test_two_runs_agree_bit_for_bit(photos):
    models = [(network(4), NETWORK)]
    one, other = (vectors(Embedder(models, SETTINGS), photos) for _ in "ab")
    np.testing.assert_array_equal(one, other)


def test_models_of_one_size_share_the_decoded_pixels(photos, monkeypatch):
    read = []

    def count(path, **sizes):
        read.append(path)
        return np.full((32, 32, 3), len(read) / 10, np.float32)

    monkeypatch.setattr("landmarks.embedding.global_pixels", count)
    vectors(Embedder([(network(5), NETWORK), (network(6), NETWORK)], SETTINGS), photos)
    assert sorted(read) == [photo.path for photo in photos]


def test_a_photo_that_cannot_be_read_is_logged_and_the_others_are_embedded(folder, photos, caplog):
    broken = Photo("ffff", folder / "ffff.jpg")
    broken.path.write_bytes(b"nothing")
    embedder = Embedder([(network(7), NETWORK)], SETTINGS)
    found = dict(embedder([broken, *photos[:4], broken, *photos[4:]]))
    assert found.pop(broken) is None
    np.testing.assert_allclose(np.stack([*found.values()]), vectors(embedder, photos), atol=1e-6)
    said = [record.getMessage() for record in caplog.records if record.name.startswith("landmarks.")]
    assert said == [f"skipped: {broken.path}: unreadable image; replace the file"] * 2


def test_where_no_photo_can_be_read_there_is_no_embedding(folder):
    missing = [Photo(str(number), folder / f"missing{number}.jpg") for number in range(5)]
    assert [*Embedder([(network(8), NETWORK)], SETTINGS)(missing)] == [(photo, None) for photo in missing]


def broken(value):
    model = network(9)
    model.layers[-1].set_weights([np.full_like(tensor, value) for tensor in model.layers[-1].get_weights()])
    return model, NETWORK


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (np.nan, "4 of the first 4 embeddings are not finite"),
        (np.inf, "4 of the first 4 embeddings are not finite"),
        (0, "the first 4 embeddings are all 0"),
    ],
)
def test_a_model_without_usable_embeddings_is_named_at_once_or_left_out(photos, value, problem, caplog):
    good = (network(10), NETWORK)
    with pytest.raises(WrongWeights, match=f"of 32 px: {problem}; attach weights that were trained"):
        next(Embedder([good, broken(value)], SETTINGS)(photos))
    embedder = Embedder([broken(value), good], SETTINGS, keep_going=True)
    np.testing.assert_array_equal(vectors(embedder, photos), vectors(Embedder([good], SETTINGS), photos))
    assert caplog.messages[-1] == f"the global model efficientnet-b7 of 32 px is left out: {problem}"


def test_a_model_whose_embeddings_are_all_the_same_is_named(photos):
    model = network(11)
    kernel, bias = model.layers[-1].get_weights()
    model.layers[-1].set_weights([np.zeros_like(kernel), bias + 1])
    with pytest.raises(WrongWeights, match="the first 4 embeddings are all the same"):
        next(Embedder([(model, NETWORK)], SETTINGS)(photos))


def test_batches_are_halved_where_memory_ends_and_an_image_too_large_alone_is_skipped(photos, monkeypatch, caplog):
    original, sizes = embedding._NetworkPart.embed, []

    def embed(part, views):
        sizes.append(len(views))
        if len(views) > 1 or len(sizes) == 5:
            raise tf.errors.ResourceExhaustedError(None, None, "no room\nand pages of it")
        return original(part, views)

    models, faults = [(network(12), NETWORK)], ImageFaults()
    expected = vectors(Embedder(models, SETTINGS), photos)
    monkeypatch.setattr(embedding._NetworkPart, "embed", embed)
    found = [vector for _, vector in Embedder(models, SETTINGS, faults)(photos)]
    assert sizes[:5] == [4, 2, 1, 1, 1]
    assert found[2] is None
    np.testing.assert_allclose([*found[:2], *found[3:]], [*expected[:2], *expected[3:]], atol=1e-6)
    assert caplog.messages[:2] == [f"out of memory: batches of {size} images from here on" for size in (2, 1)]
    assert faults.unexpected == [f"{photos[2].path}: RuntimeError: ResourceExhaustedError: no room"]


@pytest.mark.parametrize(
    ("left", "sizes"),
    [
        (float("inf"), [6, 6, 6, 2]),
        (40.0, [6, 6, 4, 2, 1, 1]),  # left are 40, 28, 16, 8, 4 and 2 s, and an image takes 2
        (9.0, [4, *[1] * 16]),
        (-1.0, [4, *[1] * 16]),
    ],
)
def test_a_batch_takes_no_more_than_half_of_the_time_left(photos, monkeypatch, left, sizes):
    clock, seen = [0.0], []

    def embed(part, views):
        seen.append(len(views))
        clock[0] += 2.0 * len(views)
        return np.eye(len(views), 6, dtype=np.float32) + len(seen)

    monkeypatch.setattr(embedding._NetworkPart, "embed", embed)
    monkeypatch.setattr(embedding, "time", SimpleNamespace(time=lambda: clock[0]))
    embedder = Embedder([(network(13), NETWORK)], replace(SETTINGS, batch=6))
    assert len([*embedder([*photos, *photos], left)]) == 20
    assert seen == sizes


def test_the_unit_embeddings_of_the_mirror_image_and_of_the_middle_are_added(photos):
    model = network(13)
    settings = replace(SETTINGS, flip=True, zooms=(1.0, 2.0))
    image = pixels.for_global_model(photos[0].path, 24, 32)
    middle = tf.image.resize(image[8:24, 8:24], (32, 32)).numpy()
    views = np.stack([image, image[:, ::-1], middle, middle[:, ::-1]])
    expected = tf.math.l2_normalize(model(views, training=False), axis=1).numpy().sum(axis=0)
    ((_, found),) = Embedder([(model, NETWORK)], settings)(photos[:1])
    np.testing.assert_allclose(found, expected, atol=1e-5)
