"""From a competition's folder to weights that inference loads."""

import json
from dataclasses import replace

import numpy as np
import pytest

from landmarks.errors import InvalidTraining
from landmarks.settings import HeadSettings, NetworkSettings, WeightsSettings
from landmarks.training import StageSettings, TrainingSettings, ValidationSettings, train
from landmarks.weights import load_embedding_model
from tests.kernel.training.small_training import write_competition

pytestmark = [pytest.mark.usefixtures("tiny_backbone"), pytest.mark.full]
NETWORK = NetworkSettings(
    backbone="efficientnet-b0",
    resize_px=32,
    input_px=32,
    embedding=8,
    pooling="gem",
    head=HeadSettings(scale=8.0, sub_centres=2, margin_range_rad=(0.05, 0.3), sampled_classes=2),
)
TRAINING = TrainingSettings(
    stages=(StageSettings(size_px=32, epochs=2, batch=4, learning_rate=1e-3),),
    label_smoothing=0.1,
    accumulate=2,
    validation=ValidationSettings(share=0.25),
)


@pytest.fixture(scope="module")
def competition(tmp_path_factory):
    return write_competition(tmp_path_factory.mktemp("competition"))


def test_what_training_leaves_is_what_inference_loads(competition, tmp_path):
    lines = []
    network = replace(NETWORK, head=replace(NETWORK.head, sampled_classes=None))
    result = train(competition, tmp_path, network, TRAINING, report=lines.append)
    assert result.is_complete
    assert [row.epoch for row in result.history] == [1, 2]
    assert 0 <= result.gap <= 1
    assert len(lines) == 2
    model, loaded = load_embedding_model(tmp_path, WeightsSettings(slug="trained", file="model.h5"))
    assert (loaded.pooling, loaded.classes) == ("gem", 3)
    assert model(np.zeros((1, 32, 32, 3), np.float32)).shape == (1, 8)
    assert len(json.loads((tmp_path / "record.json").read_text())["history"]) == 2
    again = train(competition, tmp_path, network, TRAINING, report=lines.append)
    assert (again, len(lines)) == (result, 2)


def test_a_sample_smaller_than_a_batch_is_refused(competition, tmp_path):
    with pytest.raises(InvalidTraining, match=r"sampled_classes = 2 is below the 4 images of a batch"):
        train(competition, tmp_path, NETWORK, TRAINING)
