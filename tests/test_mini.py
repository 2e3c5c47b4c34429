"""The mini dataset: its layout, and that it comes out the same each time."""

import csv
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import cv2
import pytest

from tests.mini import cache, dataset, scenes
from tests.mini.dataset import Shot

ROOT = Path(__file__).parents[1]
SUBSET = [
    *(Shot(split="train", scene=scene, number=number) for scene in ("astronaut", "hotel") for number in range(2)),
    *(Shot(split="test", scene=scene, number=0) for scene in ("astronaut", "concert poster", "moon", "leaves")),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("mini") / dataset.COMPETITION
    dataset.write(path, SUBSET)
    return path


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def images(folder: Path, split: str) -> list[str]:
    return sorted(path.stem for path in (folder / split).rglob("*.jpg"))


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_it_has_enough_landmarks_views_and_queries():
    shots = dataset.shots()
    views = Counter(shot.scene for shot in shots if shot.split == "train")
    assert len(views) >= 12
    assert min(views.values()) >= 8
    queries = [shot for shot in shots if shot.split == "test"]
    assert len(queries) >= 30
    assert sum(shot.label is None for shot in queries) == len(queries) / 3


def test_half_of_the_landmarks_are_photographs():
    photographs = [source for source in scenes.LANDMARKS.values() if isinstance(source, str)]
    assert len(photographs) >= len(scenes.LANDMARKS) / 2
    assert all((scenes.PHOTOS / name).is_file() for name in photographs)


def test_no_landmark_is_a_distractor():
    assert not scenes.LANDMARKS.keys() & scenes.DISTRACTORS.keys()
    assert len({dataset.label(scene) for scene in scenes.LANDMARKS}) == len(scenes.LANDMARKS)


def test_ids_are_sixteen_hexadecimal_digits_and_differ():
    ids = [shot.id for shot in dataset.shots()]
    assert all(re.fullmatch("[0-9a-f]{16}", name) for name in ids)
    assert len(set(ids)) == len(ids)


def test_images_lie_under_the_first_digits_of_their_id(folder):
    assert all(path.parts[-4:-1] == tuple(path.stem[:3]) for path in folder.rglob("*.jpg"))
    assert (images(folder, "train"), images(folder, "test")) == tuple(
        sorted(shot.id for shot in SUBSET if shot.split == split) for split in ("train", "test")
    )


def test_images_decode_in_portrait_and_landscape(folder):
    sizes = [cv2.imread(str(path)).shape[:2] for path in folder.rglob("*.jpg")]
    assert all(200 <= min(size) <= max(size) <= 480 for size in sizes)
    assert any(height > width for height, width in sizes)
    assert any(height < width for height, width in sizes)


def test_the_tables_name_the_images_on_disk(folder):
    assert [row["id"] for row in rows(folder / "train.csv")] == images(folder, "train")
    assert [row["id"] for row in rows(folder / "sample_submission.csv")] == images(folder, "test")
    assert [row["id"] for row in rows(folder / "truth.csv")] == images(folder, "test")


def test_the_sample_repeats_one_known_label(folder):
    (cell,) = {row["landmarks"] for row in rows(folder / "sample_submission.csv")}
    label, score = cell.split()
    assert label in {row["landmark_id"] for row in rows(folder / "train.csv")}
    assert float(score) == 0.1


def test_the_truth_is_empty_where_no_landmark_is_shown(folder):
    truth = {row["id"]: row["landmarks"] for row in rows(folder / "truth.csv")}
    shown = {shot.id: "" if shot.label is None else str(shot.label) for shot in SUBSET if shot.split == "test"}
    assert truth == shown
    assert Counter(value == "" for value in truth.values()) == {True: 2, False: 2}


def test_two_builds_are_the_same_bytes(folder, tmp_path):
    dataset.write(tmp_path, SUBSET)
    assert contents(tmp_path) == contents(folder)


def test_the_public_twin_differs_in_the_rows_of_train_csv_alone(folder, tmp_path):
    dataset.write_public(folder.parent, tmp_path / "public", rows=5000)
    own, public = folder, tmp_path / "public" / dataset.COMPETITION
    table, padded = rows(own / "train.csv"), rows(public / "train.csv")
    assert padded[: len(table)] == table
    assert len({row["id"] for row in padded}) == len(padded) == 5000
    assert all(re.fullmatch("[0-9a-f]{16}", row["id"]) for row in padded)
    assert {row["landmark_id"] for row in padded} == {row["landmark_id"] for row in table}
    strip = {"train.csv": b""}
    assert contents(public) | strip == contents(own) | strip


def test_it_is_made_anew_only_when_its_sources_change(tmp_path):
    assert not cache.is_current(tmp_path, cache.dataset_digest())
    (tmp_path / cache.DIGEST).write_text(cache.dataset_digest())
    assert cache.is_current(tmp_path, cache.dataset_digest())
    assert not cache.is_current(tmp_path, "another")


def test_training_is_repeated_only_when_the_train_images_change(folder, tmp_path):
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    before = cache.weights_digest(folder)
    next((tmp_path / "test").rglob("*.jpg")).unlink()
    assert cache.weights_digest(tmp_path) == before
    next((tmp_path / "train").rglob("*.jpg")).unlink()
    assert cache.weights_digest(tmp_path) != before


def test_finding_it_up_to_date_imports_no_tensorflow():
    code = (
        "import sys; from tests.mini import __main__ as mini; mini.cache.is_current = lambda *_: True; mini.main();"
        "sys.exit(any(name in sys.modules for name in ('tensorflow', 'cv2', 'skimage')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, env=os.environ, check=False
    )
    assert (done.returncode, done.stdout.count("\n")) == (0, 1)
    assert "build/mini is up to date" in done.stdout
