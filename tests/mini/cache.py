"""Whether what is on disk is what the sources would make: digests of all that decides its bytes."""

import hashlib
import sys
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parents[2]
DIGEST = ".digest"
DISTRIBUTIONS = ("efficientnet", "keras", "numpy", "opencv-python-headless", "scikit-image", "tensorflow")
LANDMARKS = ROOT / "kernel_src" / "landmarks"
TRAINING = (
    "heads.py",
    "images.py",
    "network.py",
    "weights.py",
    "training/augmentation.py",
    "training/data.py",
    "training/examples.py",
    "training/fit.py",
    "training/loop.py",
    "training/output.py",
    "training/recipes.py",
    "training/sampling.py",
    "training/schedule.py",
    "training/settings.py",
    "training/split.py",
    "training/steps.py",
    "training/validation.py",
)
"""The kernel's modules that decide the weights; of its settings, those of the network and of what it sees.

Retrieval and ranking only choose among the epochs of one training: so that work on them trains nothing anew, they are
not here.
"""


def dataset_digest() -> str:
    """Return the digest of all that decides the dataset's bytes: sources, and versions of what they use."""
    return _digest([*sorted(Path(__file__).parent.glob("*.py")), *_kernel()])


def weights_digest(competition: Path) -> str:
    """Return the digest of all that decides the weights: the train images, the sources, and the versions.

    Parameters
    ----------
    competition : Path
        The competition's folder; the rest of the dataset may change without a training anew.
    """
    images = [*sorted((competition / "train").rglob("*.jpg")), competition / "train.csv"]
    return _digest([*images, *_kernel()])


def is_current(folder: Path, wanted: str) -> bool:
    """Tell whether a folder carries a digest: whole folders are renamed into place, digest and all."""
    mark = folder / DIGEST
    return mark.is_file() and mark.read_text() == wanted


def _kernel() -> list[Path]:
    return [LANDMARKS / name for name in TRAINING]


def _digest(paths: Iterable[Path]) -> str:
    from landmarks.settings import B7, DelgSettings, EmbeddingSettings, NetworkSettings

    trained = NetworkSettings(), EmbeddingSettings().jpeg_quality, B7.slug, B7.file, DelgSettings().slug
    hashed = hashlib.sha256(f"{sys.version_info[:2]} {trained}".encode())
    for name in DISTRIBUTIONS:
        hashed.update(f"{name}=={metadata.version(name)}\n".encode())
    for path in paths:
        hashed.update(f"{path.name}:{path.stat().st_size}\n".encode() + path.read_bytes())
    return hashed.hexdigest()
