"""The ensembles of the original notebook at full size: 512 px, B6 and B7 with random weights, DELG-shaped features."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from landmarks import pipeline
from landmarks.embedding import Embedder
from landmarks.network import classifier, embedding_model
from landmarks.settings import B6, B7, SEED
from landmarks.weights import save_legacy_h5
from tests.kernel import competition
from tests.kernel.reference import pixels
from tests.kernel.reference.delg import Reference
from tests.mini import delg as stand_in

pytestmark = pytest.mark.full
MODELS = {B6.slug: B6, B7.slug: B7}
DELG = SEED.local.delg


def random_classifier(network, seed):
    """No weight is at its initial value, and embeddings spread as trained ones do: by about 0.1."""
    rng = np.random.default_rng(seed)
    model = classifier(network)
    model.set_weights([value + rng.uniform(-0.02, 0.02, value.shape) for value in model.get_weights()])
    spread = embedding_model(model)(rng.random((1, 512, 512, 3), np.float32)).numpy().std()
    dense = model.get_layer("dense")
    dense.set_weights([value * 0.1 / spread for value in dense.get_weights()])
    return model


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Inputs under the original notebook's names."""
    folder = tmp_path_factory.mktemp("input")
    competition.write(folder / SEED.competition)
    stand_in.write(folder / DELG.slug)
    return folder


@pytest.fixture(scope="module")
def networks(folder):
    """The embedding models whose weights the files hold."""
    made = {}
    for seed, (slug, weights) in enumerate(MODELS.items()):
        model = random_classifier(replace(weights.network, classes=7), seed)
        (folder / slug).mkdir()
        save_legacy_h5(model, folder / slug / weights.file)
        made[slug] = embedding_model(model)
    return made


@pytest.fixture(scope="module")
def expected(folder, networks):
    """The parts of each query's embedding, by what makes them: one image at a time."""
    delg = Reference(folder / DELG.slug / DELG.folder)
    photos = pipeline.load_data(folder / SEED.competition, SEED).queries
    parts = {DELG.slug: {photo: delg.describe(pixels.for_local_features(photo.path)) for photo in photos}}
    shown = {photo: pixels.for_global_model(photo.path, 384, 512)[None] for photo in photos}
    for slug, network in networks.items():
        parts[slug] = {photo: network(tf.constant(image)).numpy()[0] for photo, image in shown.items()}
    return parts


@pytest.mark.parametrize(
    ("models", "delg_global", "size"),
    [((B7,), False, 512), ((B6, B7), False, 1024), ((B6, B7), True, 3072), ((), True, 2048)],
    ids=["B7", "B6+B7", "DELG+B6+B7", "DELG"],
)
def test_an_ensemble_embeds_as_its_parts_do_one_image_at_a_time(
    folder, expected, monkeypatch, models, delg_global, size
):
    monkeypatch.setenv("KERNELWRIGHT_INPUT", str(folder))
    settings = replace(SEED, models=models, delg_global=delg_global)
    embedder = Embedder(pipeline.load_models(settings), replace(SEED.embedding, batch=2))
    slugs = pipeline.model_slugs(settings)
    for photo, vector in embedder(expected[DELG.slug]):
        wanted = [expected[slug][photo] for slug in slugs]
        assert vector.shape == (size,)
        assert min(part.std() for part in wanted) > 0.02
        np.testing.assert_allclose(vector, np.concatenate(wanted), rtol=0, atol=1e-5)


def test_b7_has_the_parameters_of_the_original(networks):
    assert networks[B7.slug].get_layer("efficientnet-b7").count_params() == 64_097_680
    assert networks[B7.slug].count_params() == 65_408_912
