import pytest

from kernelwright.runtime import inputs
from kernelwright.runtime.errors import InputNotFound


@pytest.mark.parametrize(
    ("place", "slug"),
    [
        ("competitions/paintings", "paintings"),
        ("paintings", "paintings"),
        ("datasets/ann/weights", "weights"),
        ("datasets/ann/weights", "ann/weights"),
        ("notebooks/ann/training", "training"),
        ("notebooks/ann/training", "ann/training"),
        ("weights", "ann/weights"),
        ("models/google/delg/tensorFlow2/base/1", "delg"),
        ("models/google/delg/tensorFlow2/base/1", "google/delg"),
        ("models/google/delg/tensorFlow2/base/1", "delg/tensorFlow2/base"),
        ("models/google/delg/tensorFlow2/base/1", "google/delg/tensorFlow2/base/1"),
        ("delg/tensorFlow2/base/1", "delg/tensorFlow2/base"),
        ("delg/tensorFlow2/base/1", "google/delg/tensorFlow2/base/1"),
        ("datasets/ann/a[1]b", "a[1]b"),
    ],
)
def test_a_source_is_found_in_either_layout(mount, place, slug):
    source = mount(f"{place}/file")
    assert inputs.find(slug) == source


@pytest.mark.parametrize("slug", ["delg", "google/delg", "delg/keras/base"])
def test_a_models_highest_version_is_taken(mount, slug):
    for version in range(1, 13):
        newest = mount(f"models/google/delg/keras/base/{version}/model.h5")
        assert inputs.find(slug) == newest


def test_a_models_version_may_be_named(mount):
    named = mount("models/google/delg/keras/base/9/model.h5")
    mount("models/google/delg/keras/base/10/model.h5")
    assert inputs.find("google/delg/keras/base/9") == named


def test_a_model_of_several_variations_must_be_told_apart(mount):
    mount("models/google/delg/keras/base/1/model.h5")
    mount("models/google/delg/keras/large/1/model.h5")
    with pytest.raises(InputNotFound) as error:
        inputs.find("delg")
    assert str(error.value) == (
        "input 'delg' fits several sources: google/delg/keras/base/1, google/delg/keras/large/1; ask for one of these"
    )
    assert inputs.find("google/delg/keras/large/1").parts[-2:] == ("large", "1")


def test_datasets_of_one_name_must_be_told_apart(mount):
    mount("datasets/ann/weights/model.h5")
    mount("datasets/bob/weights/model.h5")
    with pytest.raises(InputNotFound, match="fits several sources: ann/weights, bob/weights; ask for one of these"):
        inputs.find("weights")


def test_a_dataset_and_a_notebook_of_one_name_must_be_told_apart(mount):
    dataset, notebook = mount("datasets/ann/weights/model.h5"), mount("notebooks/ann/weights/model.h5")
    for slug in ("weights", "ann/weights"):
        with pytest.raises(InputNotFound, match="several sources: datasets/ann/weights, notebooks/ann/weights; ask"):
            inputs.find(slug)
    assert inputs.find("datasets/ann/weights") == dataset
    assert inputs.find("notebooks/ann/weights") == notebook


def test_with_both_layouts_mounted_either_will_do(mount):
    mount("weights/model.h5")
    mount("datasets/ann/weights/model.h5")
    assert (inputs.find("weights") / "model.h5").is_file()


def test_a_missing_source_lists_what_is_mounted(mount, tmp_path):
    for number in range(8):
        mount(f"competitions/paintings/{number}.csv")
    mount("weights/model.h5")
    mount("models/google/delg/keras/base/1/model.h5")
    with pytest.raises(InputNotFound) as error:
        inputs.find("wheels")
    assert str(error.value) == (
        f"input 'wheels' is not mounted; under {tmp_path}/input there is\n"
        "  google/delg/keras/base/1: model.h5\n"
        "  paintings: 0.csv, 1.csv, 2.csv, 3.csv, 4.csv, 5.csv and 2 more\n"
        "  weights: model.h5\n"
        "attach it in kernel-metadata.json, or set KERNELWRIGHT_INPUT to the folder that holds it by its slug"
    )


@pytest.mark.parametrize("slug", ["wheels", "", "ann/", "/", "a/b/c/d"])
def test_where_nothing_is_mounted_the_error_says_so(slug, tmp_path):
    with pytest.raises(InputNotFound) as error:
        inputs.find(slug)
    assert str(error.value).startswith(f"input {slug!r} is not mounted; under {tmp_path}/input there is\n  nothing\n")


@pytest.mark.parametrize("slug", ["weights", "ann/weights", "weights/keras/base", "ann/weights/keras/base/1"])
def test_off_kaggle_sources_lie_in_a_folder_by_their_slug(monkeypatch, tmp_path, slug):
    monkeypatch.setenv("KERNELWRIGHT_INPUT", str(tmp_path / "mini [1]"))
    (tmp_path / "mini [1]/weights").mkdir(parents=True)
    assert inputs.find(slug) == tmp_path / "mini [1]/weights"


def test_the_named_folder_hides_kaggles(monkeypatch, mount, tmp_path):
    mount("weights/model.h5")
    monkeypatch.setenv("KERNELWRIGHT_INPUT", str(tmp_path / "mini"))
    with pytest.raises(InputNotFound, match=f"under {tmp_path}/mini there is\n  nothing\n"):
        inputs.find("weights")


def test_all_that_is_mounted_is_listed_as_find_takes_it(mount):
    mount("competitions/paintings/train.csv")
    mount("datasets/ann/weights/model.h5")
    mount("notebooks/ann/training/log.txt")
    mount("models/google/delg/keras/base/1/model.h5")
    mount("photos/1.jpg")
    mount("stray.txt")
    assert inputs.mounted() == [
        "ann/training",
        "ann/weights",
        "google/delg/keras/base/1",
        "paintings",
        "photos",
    ]
    assert all(inputs.find(slug).is_dir() for slug in inputs.mounted())
