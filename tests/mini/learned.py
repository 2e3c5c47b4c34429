"""The mini dataset's weights: a small EfficientNet really trained on the train views, by the kernel's own code."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tensorflow as tf

from landmarks.dataset import image_path
from landmarks.images import global_pixels
from landmarks.settings import B7, HeadSettings, NetworkSettings
from landmarks.training import AugmentationSettings, StageSettings, TrainingSettings
from landmarks.weights import MODEL_FILE, save_seed_format
from tests.mini.in_memory import train

# With a dozen classes a scale of 64 leaves the loss nothing to say about pairs
# that are told apart at all; from random weights it then learns too slowly.
NETWORK = NetworkSettings(
    backbone="efficientnet-b0", resize_px=96, input_px=128, dropout=0.0, head=HeadSettings(scale=16.0)
)
TRAINING = TrainingSettings(
    stages=(StageSettings(size_px=128, epochs=40, batch=16, learning_rate=1.5e-3),),
    normalisation_momentum=0.9,
    branch_dropout=0.0,
    augmentation=AugmentationSettings(
        min_crop=0.8, brightness=0.05, contrast=0.15, colour=0.05, noise=0.02, occlusion=0.15
    ),
)


def write_weights(competition: Path, folder: Path, tell: Callable[[str], None]) -> None:
    """Train a network on the train views and write it as the original notebook's weights are attached.

    Parameters
    ----------
    competition : Path
        The competition's folder.
    folder : Path
        Created; gets the weights in the original layout, and model.json.
    tell : callable
        Told how the training goes, a line every few epochs.
    """
    tf.config.experimental.enable_op_determinism()
    images, labels = _gallery(competition)
    network = NetworkSettings(**(vars(NETWORK) | {"classes": int(labels.max()) + 1}))

    def report(epoch: int, loss: float, right: float) -> None:
        if epoch % 5 == 0:
            tell(
                f"  epoch {epoch} of {TRAINING.stages[0].epochs}: loss {loss:.2f}, {right:.0%} right against the margin"
            )

    model = train(images, labels, network, TRAINING, report)
    folder.mkdir(parents=True)
    save_seed_format(model, folder / B7.file)
    described = ("backbone", "resize_px", "input_px", "classes", "embedding")
    (folder / MODEL_FILE).write_text(json.dumps({key: getattr(network, key) for key in described}) + "\n")


def _gallery(competition: Path) -> tuple[np.ndarray, np.ndarray]:
    with (competition / "train.csv").open(newline="") as file:
        labels = {row["id"]: int(row["landmark_id"]) for row in csv.DictReader(file)}
    classes = sorted(set(labels.values()))
    sizes = {"resize_px": NETWORK.resize_px, "input_px": NETWORK.input_px}
    pixels = [global_pixels(image_path(competition, "train", image_id), **sizes) for image_id in labels]
    return np.stack(pixels), np.array([classes.index(label) for label in labels.values()], np.int32)
