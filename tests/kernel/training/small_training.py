"""A training of seconds in a process of its own, which a test may kill."""

from pathlib import Path

import numpy as np
from PIL import Image

from landmarks.network import BACKBONES
from landmarks.settings import HeadSettings, NetworkSettings
from landmarks.training import StageSettings, TrainingSettings, ValidationSettings, train
from tests.kernel.tiny import efficientnet_tiny

NETWORK = NetworkSettings(
    backbone="efficientnet-b0", resize_px=32, input_px=32, embedding=8, dropout=0.2, head=HeadSettings(scale=8.0)
)
TRAINING = TrainingSettings(
    stages=(
        StageSettings(size_px=24, epochs=12, batch=4, learning_rate=1e-3),
        StageSettings(size_px=32, epochs=12, batch=4, learning_rate=1e-3),
    ),
    checkpoint_every_steps=4,  # of the three of an epoch: in the middle of epochs too
    validation=ValidationSettings(share=0.25),
)


def write_competition(folder: Path) -> Path:
    """Write three landmarks of four images, each of a colour."""
    rows = ["id,landmark_id"]
    for index in range(12):
        name = f"{index:016x}"
        path = folder / "train" / name[0] / name[1] / name[2] / f"{name}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        colour = np.eye(3)[index % 3] * 200 + np.random.default_rng(index).integers(0, 50, (40, 40, 3))
        Image.fromarray(colour.astype(np.uint8)).save(path)
        rows.append(f"{name},{7 + index % 3}")
    (folder / "train.csv").write_text("\n".join(rows) + "\n")
    return folder


def run(competition: Path, folder: Path) -> None:
    """Train, or go on with the training in the folder."""
    BACKBONES["efficientnet-b0"] = efficientnet_tiny
    train(competition, folder, NETWORK, TRAINING)
