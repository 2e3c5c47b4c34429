import os
from pathlib import Path

import pytest

from landmarks import dataset
from landmarks.dataset import Photo
from landmarks.errors import InvalidData


@pytest.fixture
def written(tmp_path):
    def write(text, name="train.csv"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


def photo(root, image_id, split="test"):
    path = dataset.image_path(root, split, image_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")
    return Photo(image_id, path)


def test_an_image_lies_under_the_first_three_characters_of_its_id(tmp_path):
    assert dataset.image_path(tmp_path, "train", "01ab") == tmp_path / "train/0/1/a/01ab.jpg"


def test_ids_and_labels_stay_strings(written):
    path = written("id,landmark_id\n0000000000000012,007\n12e4567890123456,1\n")
    assert dataset.read_labels(path) == {"0000000000000012": "007", "12e4567890123456": "1"}


def test_columns_may_stand_in_any_order_beside_others(written):
    assert dataset.read_labels(written("\ufefflandmark_id,url,id\n5,http,a\n")) == {"a": "5"}


def test_all_faults_of_a_label_file_are_named_at_once(written, caplog):
    path = written("id,landmark_id\na,1\n,2\nb,\nc\na,3\n")
    faults = (
        f"{path}:3: no id\n{path}:4: no landmark_id\n{path}:5: no landmark_id\n{path}:6: id a has label 3, and 1 before"
    )
    with pytest.raises(InvalidData) as error:
        dataset.read_labels(path)
    assert str(error.value) == f"{faults}\neach row needs id and landmark_id, and each id one label"
    assert dataset.read_labels(path, keep_going=True) == {"a": "1"}
    assert caplog.messages == [f"{faults}\nthese rows are left out"]


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffid,landmark_id\n0a,7\n0b,12\n",
        "id,landmark_id\r\n0a,7\r\n0b,12\r\n",
        "id,landmark_id\n\n0a,7\n  \n , \n0b,12\n\n",
        "url,id,landmark_id,more\nu,0a,7,x\nu,0b,12,y\n",
        "id,landmark_id\n0A,7\n0B,12\n",
        "id,landmark_id\n0a,7.0\n0b,12.\n",
        "id,landmark_id\n0a,7\n0b,12\n0a,7\n0A,7.0\n",
        "id,landmark_id\n 0a , 7\n0b,12 \n",
        "id,landmark_id,url\n0a,7," + "u" * 200_000 + "\n0b,12,\n",
    ],
    ids=[
        "BOM",
        "CRLF",
        "blank lines",
        "more columns",
        "upper case",
        "float labels",
        "agreeing repeats",
        "blanks",
        "long",
    ],
)
def test_labels_are_read_however_the_table_was_written(written, text):
    assert dataset.read_labels(written(text)) == {"0a": "7", "0b": "12"}


def test_of_many_faults_the_first_are_shown_and_the_rest_counted(written):
    path = written("id,landmark_id\n" + "a,\n" * 9)
    with pytest.raises(InvalidData, match=r"(?s)train.csv:6: no landmark_id\nand 4 more\neach row"):
        dataset.read_labels(path)


def test_a_missing_column_is_named_with_what_is_there(written):
    path = written("id,label\na,1\n")
    with pytest.raises(InvalidData) as error:
        dataset.read_labels(path)
    assert str(error.value) == f"{path}:1: no column landmark_id in the header; it holds id,label"


def test_an_empty_file_has_no_columns(written):
    with pytest.raises(InvalidData, match=r"no column id and landmark_id in the header; it holds nothing"):
        dataset.read_labels(written(""))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InvalidData, match=r"nowhere.csv: cannot be read .*; attach the competition's own file"):
        dataset.read_labels(tmp_path / "nowhere.csv")


def test_truth_holds_any_number_of_labels(written):
    assert dataset.read_truth(written("id,landmarks\na,1 2\nb,\nc,3\n")) == {"a": ("1", "2"), "b": (), "c": ("3",)}


def test_images_are_listed_by_id(tmp_path):
    photos = [photo(tmp_path, image_id) for image_id in ("fff0", "0a10", "0a11", "0b00")]
    assert dataset.list_images(tmp_path / "test") == [photos[1], photos[2], photos[3], photos[0]]


def test_only_jpg_files_are_images(tmp_path):
    shown = photo(tmp_path, "0a10")
    shown.path.with_suffix(".txt").write_text("")
    assert dataset.list_images(tmp_path) == [shown]


@pytest.mark.parametrize("first", [1, 2, 3, 9])
def test_the_first_images_are_the_first_by_id(tmp_path, first):
    for image_id in ("fff0", "0a10", "0a11", "0b00"):
        photo(tmp_path, image_id)
    assert dataset.list_images(tmp_path, first) == dataset.list_images(tmp_path)[:first]


@pytest.mark.parametrize("name", ["empty", "missing"])
def test_a_split_without_images_is_an_error(tmp_path, name):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InvalidData, match=rf"{name}: no \*.jpg is found in it; attach the competition"):
        dataset.list_images(tmp_path / name)


def test_of_one_id_in_two_files_the_first_is_taken(tmp_path, caplog):
    first = photo(tmp_path, "0a10")
    other = tmp_path / "test" / "again" / "0A10.JPG"
    other.parent.mkdir()
    other.touch()
    assert dataset.list_images(tmp_path) == [first]
    assert caplog.messages == [f"skipped: {other}: the id is that of {first.path}"]


def test_upper_case_names_are_images_too(tmp_path):
    path = tmp_path / "0A10.JPG"
    path.touch()
    assert dataset.list_images(tmp_path) == [Photo("0a10", path)]


def test_what_is_only_named_like_an_image_is_skipped_and_named(tmp_path, caplog):
    shown = photo(tmp_path, "0a10")
    folder = shown.path.parent
    (folder / "0b.jpg").mkdir()
    (folder / "0c.jpg").symlink_to("0c.jpg")
    os.mkfifo(folder / "0d.jpg")
    (folder / "0e").symlink_to(tmp_path)
    name = os.fsencode(folder) + b"/0f\xff.jpg"
    os.close(os.open(name, os.O_CREAT))
    assert dataset.list_images(tmp_path) == [shown]
    assert caplog.messages == [
        f"skipped: {folder}/0b.jpg: a folder, not an image",
        f"skipped: {folder}/0c.jpg: not a regular file",
        f"skipped: {folder}/0d.jpg: not a regular file",
        f"skipped: {folder}/0e: a link to a folder already listed",
        f"skipped: {name}: the file name is not UTF-8",
    ]


def test_a_submission_holds_the_ids_of_the_sample_in_its_order(tmp_path, written):
    written("id,landmarks\nb,1 0.1\na,\n", "sample_submission.csv")
    assert dataset.submission_ids(tmp_path, [Photo("c", tmp_path)]) == ["b", "a"]


def test_without_a_sample_a_submission_holds_the_queries(tmp_path):
    assert dataset.submission_ids(tmp_path, [Photo("c", Path("C.jpg")), Photo("d", Path("d.jpg"))]) == ["C", "d"]


def test_a_sample_that_cannot_be_read_is_an_error_unless_the_run_goes_on(tmp_path, written, caplog):
    written("id,landmarks\nb\n", "sample_submission.csv")
    queries = [Photo("c", Path("c.jpg"))]
    with pytest.raises(InvalidData, match=r"sample_submission.csv:2: no landmarks"):
        dataset.submission_ids(tmp_path, queries)
    assert dataset.submission_ids(tmp_path, queries, keep_going=True) == ["c"]
    assert "the ids come from the test folder" in caplog.text
