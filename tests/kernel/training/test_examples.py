"""What can be trained on, and what is wrong with the rest."""

from pathlib import Path

import numpy as np
import pytest

from landmarks.dataset import image_path
from landmarks.errors import InvalidData
from landmarks.images import global_jpeg
from landmarks.training.examples import drop_unreadable, read_examples
from landmarks.training.settings import DataSettings
from tests.kernel import competition

ALL = DataSettings(tolerated=0.5)


@pytest.fixture
def folder(tmp_path):
    return competition.write(tmp_path, shape=(60, 80))


def tried(examples, settings=ALL):
    return drop_unreadable(examples, lambda path: global_jpeg(path, resize_px=16), settings, seed=1)


def test_examples_are_sorted_by_id_and_landmarks_by_number(folder):
    examples = read_examples(folder)
    assert [examples.photo(index).id for index in range(len(examples))] == ["0a00", "0a01", "1b00", "1b01", "2c00"]
    assert examples.photo(4).path == image_path(folder, "train", "2c00")
    assert examples.labels.tolist() == [0, 0, 1, 1, 2]
    assert examples.classes == ("11", "22", "33")
    assert examples.counts().tolist() == [2, 2, 1]


def test_the_folder_may_be_the_working_folder(folder, monkeypatch):
    monkeypatch.chdir(folder)
    assert read_examples(Path()).photo(4).path == image_path(folder, "train", "2c00")


def test_names_in_upper_case_and_the_table_in_any_order_are_the_same_examples(folder):
    digest = read_examples(folder).digest()
    competition.table(folder / "train.csv", ("id", "landmark_id"), reversed(competition.GALLERY.items()))
    assert read_examples(folder).digest() == digest
    path = image_path(folder, "train", "0a00")
    path.rename(path.with_name("0A00.JPG"))
    assert read_examples(folder).photo(0).path.name == "0A00.JPG"


def test_odd_tables_are_refused_by_the_rules_of_inference(folder):
    (folder / "train.csv").write_text("id,landmark_id\n0a00,\n")
    with pytest.raises(InvalidData, match=r"train.csv:2: no landmark_id"):
        read_examples(folder)


def test_missing_files_and_landmarks_left_empty_are_named(folder, caplog):
    for image_id in ("0a01", "2c00"):
        image_path(folder, "train", image_id).unlink()
    examples = read_examples(folder, tolerated=0.5)
    assert examples.classes == ("11", "22")
    assert examples.labels.tolist() == [0, 1, 1]
    assert caplog.messages == [
        f"{image_path(folder, 'train', '0a01')}: no such file\n{image_path(folder, 'train', '2c00')}: no such file\n"
        "2 of 5 images cannot be used and are left out",
        "landmarks without an image are left out: 33",
    ]


def test_more_missing_files_than_tolerated_are_an_error(folder):
    path = image_path(folder, "train", "0a01")
    path.unlink()
    with pytest.raises(InvalidData) as error:
        read_examples(folder)
    assert str(error.value) == (
        f"{path}: no such file\n1 of 5 images cannot be used, the share 0.01 is tolerated (DataSettings.tolerated); "
        "replace the files, or raise the share"
    )


def test_corrupt_images_are_left_out_named_and_counted(folder, caplog):
    path = image_path(folder, "train", "2c00")
    path.write_bytes(b"no image")
    assert tried(read_examples(folder)).classes == ("11", "22")
    assert caplog.messages == [
        f"{path}: unreadable image; replace the file\n1 of 5 images cannot be used and are left out",
        "landmarks without an image are left out: 33",
    ]


def test_corrupt_images_are_an_error_where_none_is_tolerated(folder):
    image_path(folder, "train", "2c00").write_bytes(b"no image")
    with pytest.raises(InvalidData, match=r"2c00.jpg: unreadable image; .*\n1 of 5 images .*the share 0 is tolerated"):
        tried(read_examples(folder), DataSettings(tolerated=0.0))


def test_only_the_first_of_a_shuffled_order_are_tried(folder):
    for path in (folder / "train").rglob("*.jpg"):
        path.write_bytes(b"no image")
    with pytest.raises(InvalidData, match="2 of 2 images"):
        tried(read_examples(folder), DataSettings(tried=2))
    with pytest.raises(InvalidData, match="none of the images can be used"):
        tried(read_examples(folder), DataSettings(tolerated=1.0))


def test_some_of_the_examples_keep_the_classes(folder):
    examples = read_examples(folder).take(np.array([4, 0]))
    assert examples.labels.tolist() == [2, 0]
    assert [examples.photo(index).id for index in (0, 1)] == ["2c00", "0a00"]
    assert examples.without_empty_classes().classes == ("11", "33")
    assert examples.without_empty_classes().labels.tolist() == [1, 0]
