import pytest

from kernelwright.errors import InvalidProject
from kernelwright.project.model import load_project
from kernelwright.ship import payload

FOLDER = "build/sources"


def problems(folder):
    with pytest.raises(InvalidProject) as caught:
        payload.stage_datasets(load_project(folder))
    return str(caught.value).splitlines()


def test_a_dataset_that_was_not_made_is_named(carried):
    (carried / FOLDER / "dataset-metadata.json").unlink()
    assert problems(carried) == [
        "build/sources: no dataset-metadata.json; make the dataset toy-sources before the push"
    ]


def test_the_metadata_of_a_dataset_is_held_to_kaggles_rules(carried):
    file = carried / FOLDER / "dataset-metadata.json"
    file.write_text("{oh")
    assert problems(carried) == [
        f"{FOLDER}/dataset-metadata.json: not JSON: Expecting property name enclosed in double quotes: line 1 column 2 "
        "(char 1); make the dataset toy-sources again"
    ]
    file.write_text('{"id": "alice/toy-sources", "licenses": [{"name": "other"}]}')
    assert [line.partition(": ")[0] for line in problems(carried)] == [f"{FOLDER}/dataset-metadata.json"]


def test_a_dataset_has_room_for_the_list_of_its_contents(carried):
    for count in range(48):
        (carried / FOLDER / f"{count}.txt").touch()
    (upload,) = payload.stage_datasets(load_project(carried))
    assert len(upload.sizes) == 50
    (carried / FOLDER / "one-more.txt").touch()
    assert problems(carried) == [
        "build/sources: 50 files, and a dataset has room for 49; make the dataset toy-sources again"
    ]
