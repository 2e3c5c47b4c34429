from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from kernelwright.runtime.errors import InputNotFound
from landmarks import delg, pipeline, reranking
from landmarks.delg import Delg
from landmarks.embedding import DelgGlobal, Embedder
from landmarks.errors import WrongModelFile
from landmarks.feature_types import NO_FEATURES
from landmarks.images import local_pixels
from landmarks.settings import SEED, DelgSettings, EmbeddingSettings, NetworkSettings, Settings
from tests.kernel import competition
from tests.kernel.competition import scene, view
from tests.kernel.reference import pixels, recognition
from tests.kernel.reference.delg import Reference
from tests.mini import delg as stand_in

SETTINGS = DelgSettings()
SMALL = (150, 200)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """An input folder in which a DELG-shaped SavedModel is attached, in both formats."""
    folder = tmp_path_factory.mktemp("input")
    stand_in.write(folder / SETTINGS.slug)
    return folder


@pytest.fixture(scope="module")
def network(saved):
    return Delg(saved / SETTINGS.slug / SETTINGS.folder, SETTINGS)


@pytest.fixture(scope="module")
def reference(saved):
    return Reference(saved / SETTINGS.slug / SETTINGS.folder)


@pytest.fixture(scope="module")
def written(saved):
    return competition.write(saved / "landmark-recognition-2021", shape=(100, 130))


@pytest.fixture
def root(written, monkeypatch):
    monkeypatch.setenv("KERNELWRIGHT_INPUT", str(written.parent))
    return written


@pytest.mark.parametrize("shape", [(97, 131), (200, 150), (64, 64)])
def test_features_are_those_of_the_tensors_asked_for_by_name(network, reference, shape):
    picture = scene(7, shape)
    keypoints, descriptors = reference.features(picture)
    found = network.local(picture)
    assert len(found.keypoints) > 20
    np.testing.assert_array_equal(found.keypoints, keypoints)
    np.testing.assert_allclose(found.descriptors, descriptors, atol=1e-6)
    assert (found.keypoints.dtype, found.descriptors.dtype, found.scale) == (np.float32, np.float32, 2**0.6)


def test_the_global_descriptor_sums_the_scales_and_has_norm_one(network, reference):
    picture = scene(8, (120, 90))
    found = network.describe(picture)
    assert (found.shape, found.dtype) == ((2048,), np.float32)
    np.testing.assert_allclose(found, reference.describe(picture), atol=1e-6)
    assert np.linalg.norm(found) == pytest.approx(1, abs=1e-6)


def test_both_export_formats_give_the_same(saved, network):
    twin = Delg(saved / SETTINGS.slug / "local_and_global_tf2", SETTINGS)
    picture = scene(9, (90, 120))
    np.testing.assert_array_equal(twin.local(picture).keypoints, network.local(picture).keypoints)
    np.testing.assert_array_equal(twin.local(picture).descriptors, network.local(picture).descriptors)
    np.testing.assert_array_equal(twin.describe(picture), network.describe(picture))


def test_features_of_two_views_of_a_scene_match_and_of_two_scenes_do_not(network):
    shape = (220, 290)
    pictures = (scene(1, shape), view(scene(1, shape), seed=5), scene(2, shape))
    one, other, stranger = (network.local(picture) for picture in pictures)
    counts = [reranking.match_and_verify(one, train, 0.75, SEED.verification)[1].count for train in (other, stranger)]
    assert counts[0] >= 25
    assert counts[1] < 25


def test_an_image_without_features_is_normal(network):
    assert network.local(np.full((80, 60, 3), 128, np.uint8)) is NO_FEATURES


def test_the_strongest_features_are_kept(saved):
    few = Delg(saved / SETTINGS.slug / SETTINGS.folder, replace(SETTINGS, max_features=10))
    assert len(few.local(scene(3, SMALL)).keypoints) == 10


@pytest.mark.parametrize(("shape", "expected"), [((100, 200), (151, 303)), ((3, 7), (4, 10)), ((66, 1), (100, 1))])
def test_enlarging_cuts_sides_and_values_to_whole_numbers(shape, expected):
    picture = scene(4, (300, 400))[: shape[0], : shape[1]]
    found = delg.enlarge(picture, 2**0.6)
    assert found.shape == (*expected, 3)
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, np.floor(tf.image.resize(picture, expected).numpy()))


def test_a_folder_without_a_saved_model_is_named(tmp_path):
    with pytest.raises(WrongModelFile, match=rf"^{tmp_path}: not a SavedModel \("):
        Delg(tmp_path, SETTINGS)


def test_a_saved_model_of_another_network_is_named(tmp_path):
    module = tf.Module()
    module.twice = tf.function(lambda x: {"y": 2 * x}, input_signature=[tf.TensorSpec((None,), tf.float32, "x")])
    tf.saved_model.save(module, str(tmp_path), signatures={"serving_default": module.twice})
    with pytest.raises(WrongModelFile) as caught:
        Delg(tmp_path, SETTINGS)
    assert str(caught.value) == (
        f"{tmp_path}: not DELG's tensors: 'no output boxes, features'; attach a DELG SavedModel"
    )


def test_delg_that_is_not_attached_is_asked_for(saved, monkeypatch):
    monkeypatch.setenv("KERNELWRIGHT_INPUT", str(saved))
    with pytest.raises(InputNotFound, match=r"^input 'elsewhere' is not mounted"):
        delg.attached(DelgSettings(slug="elsewhere"))


def small_network(seed):
    tf.keras.utils.set_random_seed(seed)
    image = tf.keras.Input((32, 32, 3))
    coarse = tf.keras.layers.AveragePooling2D(8)(image)
    return tf.keras.Model(image, tf.keras.layers.Dense(512)(tf.keras.layers.Flatten()(coarse)))


SIZES = NetworkSettings(resize_px=24, input_px=32)


@pytest.mark.parametrize(("networks", "with_delg", "size"), [(1, 0, 512), (2, 0, 1024), (2, 1, 3072), (0, 1, 2048)])
def test_an_ensemble_puts_delg_first_and_normalises_nothing(root, network, reference, networks, with_delg, size):
    models = [(small_network(seed), SIZES) for seed in range(networks)]
    photos = pipeline.load_data(root, Settings()).queries
    parts = [*[DelgGlobal(delg=network)] * with_delg, *models]
    for photo, vector in Embedder(parts, EmbeddingSettings(batch=2))(photos):
        shown = pixels.for_global_model(photo.path, 24, 32)[None]
        expected = [reference.describe(pixels.for_local_features(photo.path))] * with_delg
        expected += [model(shown).numpy()[0] for model, _ in models]
        assert vector.shape == (size,)
        np.testing.assert_allclose(vector, np.concatenate(expected), atol=1e-5)


def test_the_settings_name_the_parts_of_an_ensemble_in_order(root):
    ensemble = replace(Settings(), delg_global=True)
    assert pipeline.model_slugs(ensemble) == ["delg-saved-models", "effb7-512-ep12"]
    (alone,) = pipeline.load_models(replace(ensemble, models=()))
    assert isinstance(alone, DelgGlobal)


@pytest.mark.full  # eight seconds; daily, the features are compared here, and whole predictions in test_pipeline
def test_predictions_are_those_of_the_plain_reference(root, reference):
    model = small_network(5)
    before, after = recognition.recognise(
        root,
        lambda path: model(pixels.for_global_model(path, 24, 32)[None]).numpy()[0],
        reference.features,
        seed=SEED.verification.seed,
    )
    steps = [*pipeline.recognise(root, SEED, models=[(model, SIZES)])]
    for step, expected in zip(steps, (before, after), strict=True):
        found = [(one, step.predictions[one].label, step.predictions[one].score) for one in step.data.ids]
        assert [row[:2] for row in found] == [row[:2] for row in expected]
        np.testing.assert_allclose([row[2] for row in found], [row[2] for row in expected], atol=1e-5)


def test_a_turned_photo_is_stored_sideways_for_delg_unless_the_settings_turn_it(tmp_path):
    from PIL import Image

    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / "turned.jpg"
    Image.fromarray(scene(6, (40, 80))).save(path, exif=exif)
    assert local_pixels(path).shape == (40, 80, 3)
    assert local_pixels(path, exif_rotation=True).shape == (80, 40, 3)
