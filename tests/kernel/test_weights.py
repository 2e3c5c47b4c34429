"""Weights files of three layouts, and the network that model.json describes."""

import json
import re
import subprocess
import sys
from functools import partial
from pathlib import Path

import efficientnet.tfkeras as efficientnet
import h5py
import numpy as np
import pytest

from landmarks.errors import WrongModelFile, WrongWeights
from landmarks.network import BACKBONES, classifier, embedding_model
from landmarks.settings import NetworkSettings, WeightsSettings
from landmarks.weights import load_embedding_model, read_network, save_legacy_h5
from tests.kernel.tiny import efficientnet_tiny

pytestmark = pytest.mark.usefixtures("tiny_backbone")
TINY = NetworkSettings(backbone="efficientnet-b0", resize_px=32, input_px=32, classes=5, embedding=8)
FILE = WeightsSettings(slug="tiny", file="tiny.h5", network=TINY)
MODERN = WeightsSettings(slug="tiny", file="tiny.weights.h5", network=TINY)


@pytest.fixture(scope="module")
def trained(tiny_backbone):
    """A classifier none of whose weights keeps its initial value."""
    return disturbed(classifier(TINY))


def disturbed(model):
    rng = np.random.default_rng(4)
    model.set_weights([value + rng.uniform(-0.02, 0.02, value.shape) for value in model.get_weights()])
    return model


@pytest.fixture(scope="module")
def files(trained, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiny")
    save_legacy_h5(trained, folder / "seed.h5")
    trained.save(folder / "whole.h5")
    trained.save_weights(folder / "modern.weights.h5")
    return folder


def embeddings(model) -> np.ndarray:
    return model(np.random.default_rng(5).random((2, 32, 32, 3), np.float32)).numpy()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["seed.h5", "whole.h5", "modern.weights.h5"])
def test_a_loaded_model_embeds_as_the_saved_one(trained, files, name):
    model, network = load_embedding_model(files, WeightsSettings(slug="tiny", file=name, network=TINY))
    assert network == TINY
    saved = embeddings(embedding_model(trained))
    assert saved.std() > 0.001
    np.testing.assert_allclose(embeddings(model), saved, rtol=0, atol=1e-6)


@pytest.mark.full
@pytest.mark.parametrize("backbone", ["tiny", "EfficientNetB0"])
def test_files_pass_between_keras_2_and_here_and_embed_the_same(tmp_path, monkeypatch, backbone):
    if backbone != "tiny":
        monkeypatch.setitem(BACKBONES, "efficientnet-b0", getattr(efficientnet, backbone))
    ours = disturbed(classifier(TINY))
    save_legacy_h5(ours, tmp_path / "given.h5")
    sizes = map(str, (TINY.embedding, TINY.classes, TINY.input_px))
    script = Path(__file__).with_name("keras2.py")
    subprocess.run([sys.executable, script, backbone, *sizes, tmp_path], check=True, capture_output=True)
    keras_2 = np.load(tmp_path / "expected.npz")

    embedded = embedding_model(ours)(keras_2["images"]).numpy()
    assert embedded.std() > 0.01
    np.testing.assert_allclose(embedded, keras_2["of_given"], rtol=0, atol=1e-6)

    with h5py.File(tmp_path / "weights.h5") as file:
        assert "head/arc_margin" in file.attrs["layer_names"]
        assert file.attrs["keras_version"].startswith("2.")
    model, network = load_embedding_model(tmp_path, WeightsSettings(slug="tiny", file="weights.h5", network=TINY))
    assert network == TINY
    assert keras_2["of_own"].std() > 0.05
    np.testing.assert_allclose(model(keras_2["images"]), keras_2["of_own"], rtol=0, atol=1e-6)


def test_the_seed_s_format_is_keras_2_s(files):
    with h5py.File(files / "seed.h5") as file:
        assert list(file.attrs["layer_names"]) == [
            b"inp1",
            b"efficientnet-b0",
            b"global_average_pooling2d",
            b"dropout",
            b"dense",
            b"inp2",
            b"head/arc_margin",
            b"softmax",
        ]
        assert list(file["head/arc_margin"].attrs["weight_names"]) == [b"head/arc_margin/W:0"]
        assert file["head"]["arc_margin"]["head"]["arc_margin"]["W:0"].shape == (8, 5)
        assert list(file["dense"].attrs["weight_names"]) == [b"dense/kernel:0", b"dense/bias:0"]
        assert list(file["dropout"].attrs["weight_names"]) == []
        assert file["efficientnet-b0"].attrs["weight_names"][0] == b"stem_conv/kernel:0"


def test_keras_itself_reads_the_seed_s_format(trained, files):
    other = classifier(TINY)
    other.load_weights(files / "seed.h5")
    for mine, theirs in zip(trained.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_writing_twice_gives_the_same_bytes(trained, files, tmp_path):
    save_legacy_h5(trained, tmp_path / "again.h5")
    assert (tmp_path / "again.h5").read_bytes() == (files / "seed.h5").read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["again.h5"]


def test_names_split_over_attributes_are_read(files, tmp_path):
    path = tmp_path / "tiny.h5"
    path.write_bytes((files / "seed.h5").read_bytes())
    with h5py.File(path, "a") as file:
        attributes = file["efficientnet-b0"].attrs
        names = attributes["weight_names"]
        del attributes["weight_names"]
        attributes["weight_names0"], attributes["weight_names1"] = names[:20], names[20:]
    np.testing.assert_array_equal(
        embeddings(load_embedding_model(tmp_path, FILE)[0]),
        embeddings(load_embedding_model(files, WeightsSettings(slug="tiny", file="seed.h5", network=TINY))[0]),
    )


@pytest.mark.parametrize("name", ["seed.h5", "whole.h5", "modern.weights.h5"])
def test_the_class_count_comes_from_the_file(files, name):
    assumed = NetworkSettings(backbone="efficientnet-b0", input_px=32, embedding=8)
    assert read_network(files, WeightsSettings(slug="tiny", file=name, network=assumed)).classes == 5


def test_model_json_overrides_the_settings(tmp_path):
    described = {"backbone": "efficientnet-b3", "resize_px": 96, "input_px": 128, "classes": 12, "embedding": 64}
    (tmp_path / "model.json").write_text(json.dumps(described))
    assert read_network(tmp_path, FILE) == NetworkSettings(**described)


def test_without_model_json_and_weights_the_settings_stand(tmp_path):
    assert read_network(tmp_path, FILE) == TINY


def test_all_that_is_wrong_in_model_json_is_named(tmp_path):
    path = tmp_path / "model.json"
    path.write_text('{"backbon": "efficientnet-b0", "input_px": "128", "classes": true, "embedding": 0, "color": 1}')
    with pytest.raises(WrongModelFile) as caught:
        read_network(tmp_path, FILE)
    assert str(caught.value) == (
        f"{path}:\n"
        "  backbon: 'efficientnet-b0': unknown key; write backbone\n"
        "  input_px: '128' is not a whole number above 0; write e.g. \"input_px\": 512\n"
        '  classes: True is not a whole number above 0; write e.g. "classes": 81313\n'
        '  embedding: 0 is not a whole number above 0; write e.g. "embedding": 512\n'
        "  color: 1: unknown key; known are backbone, resize_px, input_px, classes, embedding, pooling, "
        "sub_centres"
    )


@pytest.mark.parametrize(("key", "most"), [("input_px", 2048), ("classes", 10_000_000)])
def test_a_size_that_no_network_has_is_named(tmp_path, key, most):
    (tmp_path / "model.json").write_text(json.dumps({key: most}))
    assert getattr(read_network(tmp_path, FILE), key) == most
    (tmp_path / "model.json").write_text(json.dumps({key: most + 1}))
    with pytest.raises(WrongModelFile, match=f"{key}: {most + 1} is above {most}, the most that is taken"):
        read_network(tmp_path, FILE)


@pytest.mark.parametrize("value", ["resnet", ["efficientnet-b0"], 7])
def test_an_unknown_backbone_is_named(tmp_path, value):
    (tmp_path / "model.json").write_text(json.dumps({"backbone": value}))
    with pytest.raises(WrongModelFile, match=re.escape(f"{value!r} is no backbone; write one of efficientnet-b0,")):
        read_network(tmp_path, FILE)


@pytest.mark.parametrize(("text", "message"), [("{", "not JSON: "), ("[]", "[] is not an object; write {")])
def test_a_model_json_that_is_no_object_is_named(tmp_path, text, message):
    (tmp_path / "model.json").write_text(text)
    with pytest.raises(WrongModelFile, match=re.escape(f"model.json: {message}")):
        read_network(tmp_path, FILE)


@pytest.mark.parametrize(
    ("name", "wrong", "dense"),
    [
        ("seed.h5", {"embedding": 16}, "/dense/dense/kernel:0: shape (320, 8) in the file, (320, 16) in"),
        ("modern.weights.h5", {"embedding": 16}, "/layers/dense/vars/0: shape (320, 8) in the file, (320, 16) in"),
        ("seed.h5", {"classes": 6}, "/head/arc_margin/head/arc_margin/W:0: shape (8, 5) in the file, (8, 6) in"),
        ("modern.weights.h5", {"classes": 6}, "vars/0: shape (8, 5) in the file, (8, 6) in"),
    ],
)
def test_a_wrong_file_is_named_with_both_shapes(files, tmp_path, name, wrong, dense):
    (tmp_path / "tiny.weights.h5").write_bytes((files / name).read_bytes())
    (tmp_path / "model.json").write_text(json.dumps(wrong))
    with pytest.raises(WrongWeights, match=re.escape(dense)):
        load_embedding_model(tmp_path, MODERN)


def test_a_file_of_another_backbone_is_named_with_the_count_of_problems(files, tmp_path, monkeypatch):
    monkeypatch.setitem(BACKBONES, "efficientnet-b1", partial(efficientnet_tiny, stages=3))
    (tmp_path / "tiny.h5").write_bytes((files / "seed.h5").read_bytes())
    (tmp_path / "model.json").write_text('{"backbone": "efficientnet-b1"}')
    with pytest.raises(WrongWeights, match=r"(?s)does not fit efficientnet-b1.*and \d+ more"):
        load_embedding_model(tmp_path, FILE)


def test_a_missing_file_is_named_with_what_is_there(tmp_path):
    (tmp_path / "other.h5").touch()
    with pytest.raises(WrongWeights, match=re.escape("tiny.h5: no such file; its folder holds other.h5;")):
        load_embedding_model(tmp_path, FILE)


def test_a_file_that_is_not_hdf5_is_named(tmp_path):
    (tmp_path / "tiny.h5").write_text("<html>")
    with pytest.raises(WrongWeights, match=r"tiny\.h5: not an HDF5 file"):
        load_embedding_model(tmp_path, FILE)


def test_an_hdf5_file_without_weights_is_named(tmp_path):
    h5py.File(tmp_path / "tiny.h5", "w").close()
    with pytest.raises(WrongWeights, match=r"tiny\.h5: holds no Keras weights"):
        load_embedding_model(tmp_path, FILE)


def test_a_pooling_that_does_not_exist_is_named(tmp_path):
    (tmp_path / "model.json").write_text('{"pooling": "max", "sub_centres": 0}')
    with pytest.raises(WrongModelFile) as error:
        read_network(tmp_path, FILE)
    assert str(error.value).splitlines()[1:] == [
        "  pooling: 'max' is no pooling; write one of average, gem",
        '  sub_centres: 0 is not a whole number above 0; write e.g. "sub_centres": 1',
    ]


def test_classes_are_counted_by_their_centres(files):
    (files / "model.json").write_text('{"sub_centres": 2}')
    try:
        with pytest.raises(WrongWeights, match=r"shape \(8, 5\) in the file, \(8, 4\) in the network \(embedding, cl"):
            load_embedding_model(files, WeightsSettings(slug="tiny", file="seed.h5", network=TINY))
    finally:
        (files / "model.json").unlink()
