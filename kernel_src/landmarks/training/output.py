"""The output of a training run: weights in two formats, ``model.json``, and a record for reproducibility."""

import json
import platform
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any

from tensorflow import keras

from kernelwright.runtime import config, fingerprints
from landmarks.errors import OutputNotWritten
from landmarks.settings import NetworkSettings
from landmarks.training.settings import TrainingSettings
from landmarks.training.split import Split
from landmarks.weights import MODEL_FILE, describe_network, save_legacy_h5

WEIGHTS = "model.h5"
"""Weights in the format of the original notebook, which `WeightsSettings.file` names at inference."""

KERAS_3_WEIGHTS = "model.weights.h5"
RECORD_FILE = "record.json"

_DISTRIBUTIONS = ("efficientnet", "h5py", "keras", "numpy", "opencv-python-headless", "opencv-python", "tensorflow")


def write(folder: Path, classifier: Any, network: NetworkSettings, record: Mapping[str, Any]) -> None:
    """Write weights, ``model.json`` and ``record.json``.

    All files are written to a temporary folder first, and then moved to their place, the record last.

    Parameters
    ----------
    folder : Path
        Created if it does not exist. Files of an earlier run are replaced.
    classifier : keras.Model
        The trained network, as `landmarks.network.classifier` builds it.
    network : NetworkSettings
        The settings of the network.
    record : mapping
        As `build_record` returns it. The SHA-256 digests of the other files are added under ``files``.

    Raises
    ------
    OutputNotWritten
        If the files cannot be written. Files of an earlier run are then unchanged.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".writing-", dir=folder) as temporary:
            files = _written(Path(temporary), classifier, network, record)
            for file in files:
                file.replace(folder / file.name)
    except OSError as error:
        raise OutputNotWritten(f"{folder}: cannot be written ({error}); make room there, and run again") from error


def build_record(
    network: NetworkSettings, training: TrainingSettings, parts: Split, history: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Return the record of a training run: settings, digests of the data, versions, commit and history.

    Parameters
    ----------
    network, training : settings
        Settings of the network and of its training.
    parts : Split
        Training and validation data.
    history : sequence of mapping
        One entry per epoch.
    """
    return {
        "network": asdict(network),
        "training": asdict(training),
        "data": {
            "images": len(parts.train),
            "classes": len(parts.train.classes),
            "queries": len(parts.queries),
            "gallery": len(parts.gallery),
            "sha256": {name: getattr(parts, name).digest() for name in ("train", "gallery", "queries")},
        },
        "versions": {"python": platform.python_version(), **dict(_versions())},
        "commit": _commit(),
        "sources": dict(config.load().files),
        "history": [dict(entry) for entry in history],
    }


def _written(folder: Path, classifier: Any, network: NetworkSettings, record: Mapping[str, Any]) -> list[Path]:
    save_legacy_h5(classifier, folder / WEIGHTS)
    # A model without optimizer, because its moments would take twice the space of the weights.
    keras.Model(classifier.inputs, classifier.outputs).save_weights(folder / KERAS_3_WEIGHTS)
    (folder / MODEL_FILE).write_text(describe_network(network), "utf-8")
    files = [folder / name for name in (WEIGHTS, KERAS_3_WEIGHTS, MODEL_FILE)]
    record = {**record, "files": {file.name: fingerprints.sha256(file) for file in files}}
    (folder / RECORD_FILE).write_text(json.dumps(record, indent=1, default=str) + "\n", "utf-8")
    return [*files, folder / RECORD_FILE]


def _versions() -> Any:
    for name in _DISTRIBUTIONS:
        try:
            yield name, metadata.version(name)
        except metadata.PackageNotFoundError:
            continue


def _commit() -> str | None:
    """Return the git commit of the sources; None in a notebook, for which ``sources`` has digests instead."""
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None
