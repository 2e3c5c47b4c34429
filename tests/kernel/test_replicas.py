import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from landmarks.replicas import Replicas
from landmarks.retrieval import l2_normalise

SCRIPT = Path(__file__).with_name("embed_on_devices.py")
ROOT = Path(__file__).parents[2]


def embedded(folder, devices, precision="float32"):
    file = folder / f"{devices} {precision}.npy"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "kernel_src"), str(ROOT)])}
    subprocess.run([sys.executable, SCRIPT, str(devices), precision, file], env=environment, check=True)
    return np.load(file)


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    return embedded(tmp_path_factory.mktemp("alone"), 1)


@pytest.mark.full
@pytest.mark.parametrize("devices", [2, 3])
def test_several_devices_share_a_batch_and_give_the_embeddings_of_one(alone, devices, tmp_path):
    np.testing.assert_allclose(embedded(tmp_path, devices), alone, rtol=1e-4, atol=1e-6)


@pytest.mark.full
def test_half_precision_moves_no_cosine_by_a_hundredth(alone, tmp_path):
    half = embedded(tmp_path, 1, "mixed_bfloat16")
    cosines = (l2_normalise(half) * l2_normalise(alone)).sum(axis=1)
    assert half.dtype == np.float32
    assert (half != alone).any()
    assert cosines.min() > 0.99


def test_an_unknown_precision_is_named_with_the_known():
    message = r"^EmbeddingSettings.precision = 'half'; write one of float32, mixed_float16, mixed_bfloat16$"
    with pytest.raises(ValueError, match=message):
        Replicas(None, lambda *_: None, "half")
