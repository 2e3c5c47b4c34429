"""The output of a training: what the inference kernel loads, and how it came about."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from landmarks.errors import OutputNotWritten
from landmarks.network import classifier, embedding_model
from landmarks.settings import HeadSettings, NetworkSettings, WeightsSettings
from landmarks.training import TrainingSettings, output
from landmarks.training.examples import Examples
from landmarks.training.split import Split
from landmarks.weights import load_embedding_model, save_legacy_h5

pytestmark = pytest.mark.usefixtures("tiny_backbone")
TINY = NetworkSettings(
    backbone="efficientnet-b0",
    resize_px=24,
    input_px=32,
    classes=5,
    embedding=8,
    pooling="gem",
    head=HeadSettings(sub_centres=3),
)


@pytest.fixture(scope="module")
def trained(tiny_backbone):
    """Trained at any size, with a power and weights that are not the initial ones."""
    model = classifier(TINY, any_size=True)
    rng = np.random.default_rng(4)
    model.set_weights([value + rng.uniform(-0.02, 0.02, value.shape) for value in model.get_weights()])
    return model


@pytest.fixture(scope="module")
def written(trained, tmp_path_factory):
    folder = tmp_path_factory.mktemp("output")
    output.write(folder, trained, TINY, {"history": [{"epoch": 1, "gap": 0.5}]})
    return folder


@pytest.mark.parametrize("file", [output.WEIGHTS, output.KERAS_3_WEIGHTS])
def test_inference_rebuilds_the_embedding_from_model_json_alone(trained, written, file):
    model, network = load_embedding_model(written, WeightsSettings(slug="landmark-training", file=file))
    assert replace(network, dropout=TINY.dropout, learning_rate=TINY.learning_rate) == TINY
    images = np.random.default_rng(5).random((2, 32, 32, 3), np.float32)
    expected = embedding_model(trained)(images).numpy()
    assert expected.std() > 0.001
    np.testing.assert_allclose(model(images).numpy(), expected, rtol=0, atol=1e-6)


def test_nothing_but_the_output_is_left_and_the_record_knows_its_files(written):
    names = (output.WEIGHTS, output.KERAS_3_WEIGHTS, "model.json")
    assert {path.name for path in written.iterdir()} == {*names, output.RECORD_FILE}
    record = json.loads((written / output.RECORD_FILE).read_text())
    assert record["files"] == {name: hashlib.sha256((written / name).read_bytes()).hexdigest() for name in names}
    assert record["history"] == [{"epoch": 1, "gap": 0.5}]


def test_the_weights_of_keras_3_come_without_the_optimizer(written):
    with h5py.File(written / output.KERAS_3_WEIGHTS) as file:
        assert "optimizer" not in file


def test_where_the_disk_is_full_the_earlier_output_stays(trained, written, monkeypatch):
    before = {path.name: path.read_bytes() for path in written.iterdir()}

    def full(model, path):
        save_legacy_h5(model, path)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(output, "save_legacy_h5", full)
    with pytest.raises(OutputNotWritten, match=r"cannot be written \(\[Errno 28\] No space left.*; make room there"):
        output.write(written, trained, TINY, {})
    assert {path.name: path.read_bytes() for path in written.iterdir()} == before


def test_the_record_describes_settings_data_and_versions():
    part = Examples(
        root=Path(), paths=np.array([b"a.jpg", b"b.jpg"]), labels=np.array([0, 1], np.int32), classes=("7", "8")
    )
    relabelled = replace(part, labels=part.labels[::-1])
    record = output.build_record(
        TINY, TrainingSettings(seed=7), Split(train=part, gallery=part, queries=relabelled), []
    )
    assert record["network"]["head"]["sub_centres"] == 3
    assert record["training"]["seed"] == 7
    assert {key: record["data"][key] for key in ("images", "classes", "queries", "gallery")} == {
        "images": 2,
        "classes": 2,
        "queries": 2,
        "gallery": 2,
    }
    assert record["data"]["sha256"]["train"] == part.digest() != relabelled.digest()
    assert {"python", "tensorflow", "keras", "numpy"} <= set(record["versions"])


def test_without_git_the_commit_is_unknown(monkeypatch):
    monkeypatch.setenv("PATH", "")
    part = Examples(root=Path(), paths=np.array([b"a.jpg"]), labels=np.array([0], np.int32), classes=("7",))
    record = output.build_record(TINY, TrainingSettings(), Split(train=part, gallery=part, queries=part), [])
    assert record["commit"] is None
