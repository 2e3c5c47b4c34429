"""An input folder with the original notebook's names at full size, and a project whose driver computes what it did."""

import json
import shutil
from pathlib import Path

import tensorflow as tf

from landmarks.network import classifier
from landmarks.settings import B7, DelgSettings
from landmarks.weights import save_legacy_h5
from tests.kernel.competition import table
from tests.mini import delg

ROOT = Path(__file__).parents[2]
COMPETITION = "landmark-recognition-2021"


def write(folder, mini, *, train=32, test=12):
    """Take images of the mini dataset; B7 has random weights and all 81 313 classes."""
    wanted = {"train": train, "test": test}
    kept = {split: _images(mini / COMPETITION, folder / COMPETITION, split, count) for split, count in wanted.items()}
    for name, split in (("train.csv", "train"), ("sample_submission.csv", "test"), ("truth.csv", "test")):
        _rows(mini / COMPETITION / name, folder / COMPETITION / name, kept[split])
    tf.keras.utils.set_random_seed(7)
    (folder / B7.slug).mkdir()
    save_legacy_h5(classifier(B7.network), folder / B7.slug / B7.file)
    delg.write(folder / DelgSettings().slug)
    return folder


def _images(source, target, split, count):
    # Every third, so that several landmarks have several views.
    chosen = sorted((source / split).rglob("*.jpg"))[:: 3 if split == "train" else 1][:count]
    for image in chosen:
        copy = target / image.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(image, copy)
    return {image.stem for image in chosen}


def _rows(source, target, ids):
    header, *rows = [line.split(",") for line in source.read_text().splitlines()]
    table(target, header, [row for row in rows if row[0] in ids])


def project(folder):
    """A copy of this project whose driver runs with the settings of the original notebook, DELG attached."""
    for name in ("kernel_src", "wheels"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(ROOT / "pyproject.toml", folder / "pyproject.toml")
    metadata = json.loads((ROOT / "kernel-metadata.json").read_text())
    metadata["dataset_sources"].append("OWNER/delg-saved-models")
    (folder / "kernel-metadata.json").write_text(json.dumps(metadata))
    driver = folder / "kernel_src" / "main.py"
    text = driver.read_text()
    assert "SETTINGS = Settings()" in text
    assert "import Settings" in text
    driver.write_text(
        text.replace("SETTINGS = Settings()", "SETTINGS = SEED").replace("import Settings", "import SEED")
    )
    return folder
