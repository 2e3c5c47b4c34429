"""The data at the size of the public competition: 1,580,470 images of 81,313 landmarks, without a file opened."""

import numpy as np
import pytest

from landmarks.dataset import Photo, image_path
from landmarks.settings import PUBLIC_TRAIN_IMAGES, NetworkSettings
from landmarks.training.examples import read_examples
from landmarks.training.sampling import epoch_order
from landmarks.training.settings import ValidationSettings
from landmarks.training.split import split

pytestmark = pytest.mark.full
CLASSES = NetworkSettings().classes


def test_the_public_table_fits_in_memory_and_is_split_and_ordered(tmp_path):
    rng = np.random.default_rng(0)
    labels = np.concatenate([np.arange(CLASSES), rng.zipf(1.5, PUBLIC_TRAIN_IMAGES - CLASSES) % CLASSES])
    ids = [f"{number:016x}" for number in rng.permutation(PUBLIC_TRAIN_IMAGES)]
    with (tmp_path / "train.csv").open("w") as file:
        file.write("id,landmark_id\n")
        file.writelines(f"{image_id},{label}\n" for image_id, label in zip(ids, labels, strict=True))
    examples = read_examples(
        tmp_path, files=(Photo(image_id, image_path(tmp_path, "train", image_id)) for image_id in ids)
    )
    assert examples.paths.nbytes + examples.labels.nbytes < 60e6
    assert len(examples.classes) == CLASSES
    assert examples.counts().tolist() == np.bincount(labels, minlength=CLASSES).tolist()
    parts = split(examples, ValidationSettings(), seed=1)
    assert abs(len(parts.queries) - 2000) <= 1
    assert len(parts.train) + len(parts.queries) == PUBLIC_TRAIN_IMAGES
    assert len(parts.train.classes) == CLASSES
    order = epoch_order(parts.train.labels, len(parts.train), balance=1.0, seed=1, epoch=0)
    drawn = np.bincount(parts.train.labels[order], minlength=CLASSES)
    assert np.ptp(drawn) <= 1
