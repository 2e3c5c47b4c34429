"""Settings of network and training for the competition, and for a miniature of its data."""

from dataclasses import dataclass
from pathlib import Path

from landmarks.dataset import read_labels
from landmarks.settings import HeadSettings, NetworkSettings
from landmarks.training.settings import AugmentationSettings, StageSettings, TrainingSettings, ValidationSettings


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Settings of a network and of its training."""

    network: NetworkSettings
    training: TrainingSettings


LARGE = Recipe(
    network=NetworkSettings(backbone="efficientnet-b6", head=HeadSettings(sub_centres=3, margin_range_rad=(0.05, 0.5))),
    training=TrainingSettings(),
)
"""The write-up of the original solution (384 px, then 512 px), with sub-centres and margins by class frequency."""

SMALL = Recipe(
    network=NetworkSettings(
        backbone="efficientnet-small",
        resize_px=96,
        input_px=96,
        dropout=0.0,
        # With a dozen classes and a scale of 64, the loss of correctly classified images vanishes, and training from
        # random weights is too slow.
        head=HeadSettings(scale=16.0),
    ),
    training=TrainingSettings(
        stages=(
            StageSettings(size_px=64, epochs=40, batch=16, learning_rate=1.5e-3),
            StageSettings(size_px=96, epochs=30, batch=16, learning_rate=1e-3),
        ),
        reserve_minutes=0.25,
        normalisation_momentum=0.9,
        branch_dropout=0.0,
        augmentation=AugmentationSettings(
            min_crop=0.8, brightness=0.05, contrast=0.15, colour=0.05, noise=0.02, occlusion=0.15
        ),
        validation=ValidationSettings(share=0.125, every_epochs=5),
    ),
)
"""For hundreds of images, in minutes on two CPU cores. Augmentation is weak, because there are few steps."""

FEW_IMAGES = 5_000


def choose_recipe(competition: Path) -> Recipe:
    """Return `SMALL` for a competition with fewer than `FEW_IMAGES` training images, else `LARGE`."""
    return SMALL if len(read_labels(competition / "train.csv")) < FEW_IMAGES else LARGE
