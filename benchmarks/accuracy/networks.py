"""Small networks, trained by the training kernel on the bed's gallery, and the embeddings that they give the bed."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.accuracy import bed

SEEDS = (1, 2, 3)
VIEWS: dict[str, dict[str, Any]] = {
    "plain": {},
    "flip": {"flip": True},
    "zoom": {"zooms": (1.0, 1.25)},
    "flip, zoom": {"flip": True, "zooms": (1.0, 1.25)},
}
"""The embedding settings of each kind of view."""
SIZE_PX, BATCH, EPOCHS = 64, 16, 24
"""Seven minutes of one processor. Two epochs are too few: every image then has nearly the same embedding."""


def trained(bed_folder: Path, folder: Path, seed: int) -> None:
    """Train a network on the gallery; what is there is gone on from, or left."""
    from landmarks.settings import HeadSettings, NetworkSettings
    from landmarks.training import AugmentationSettings, StageSettings, TrainingSettings, ValidationSettings, train

    network = NetworkSettings(
        backbone="efficientnet-small",
        resize_px=SIZE_PX,
        input_px=SIZE_PX,
        embedding=256,
        dropout=0.0,
        head=HeadSettings(scale=16.0),
    )
    training = TrainingSettings(
        stages=(StageSettings(size_px=SIZE_PX, epochs=EPOCHS, batch=BATCH, learning_rate=2e-3),),
        seed=seed,
        mixed_precision=False,
        normalisation_momentum=0.9,
        branch_dropout=0.0,
        augmentation=AugmentationSettings(
            min_crop=0.7, brightness=0.1, contrast=0.3, colour=0.1, noise=0.02, occlusion=0.2
        ),
        validation=ValidationSettings(share=0.0),
    )
    train(bed_folder, folder, network, training)


def embeddings(bed_folder: Path, folder: Path, views: str) -> dict[str, NDArray[np.float32]]:
    """Return the embedding of each photograph by its id, by the network of a folder; kept beside its weights."""
    file = folder / f"{views}.npz"
    if not file.exists():
        _write(file, bed_folder, folder, views)
    with np.load(file) as stored:
        return dict(zip(stored["ids"].tolist(), stored["vectors"], strict=True))


def _write(file: Path, bed_folder: Path, folder: Path, views: str) -> None:
    from landmarks.dataset import Photo
    from landmarks.embedding import Embedder
    from landmarks.settings import EmbeddingSettings, WeightsSettings
    from landmarks.training.output import WEIGHTS
    from landmarks.weights import load_embedding_model

    model = load_embedding_model(folder, WeightsSettings(slug=folder.name, file=WEIGHTS))
    photos = sorted(Photo(shot.id, bed_folder / shot.path) for shot in bed.read(bed_folder))
    embedder = Embedder([model], EmbeddingSettings(batch=64, **VIEWS[views]))
    vectors = {photo.id: vector for photo, vector in embedder(photos) if vector is not None}
    beside = file.with_suffix(".partial.npz")
    np.savez(beside, ids=np.array([*vectors]), vectors=np.stack([*vectors.values()]))
    beside.replace(file)
