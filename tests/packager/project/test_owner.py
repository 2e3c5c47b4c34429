import json

import pytest
from typer.testing import CliRunner

from kernelwright.cli import app
from kernelwright.errors import InvalidProject
from kernelwright.project import owner
from tests.packager import shipped

WITH_WHEELS = shipped.CONFIGURATION + 'wheels = "wheels.in"\nwheels_dataset = "toy-wheels"\n'


def sources(folder, name="kernel-metadata.json"):
    told = json.loads((folder / name).read_text())
    return told["id"], told["dataset_sources"]


def test_the_owner_replaces_the_placeholder_and_leaves_the_rest_of_the_file_alone(tmp_path):
    datasets = ["OWNER/toy-data", "bob/other-data", "OWNER/toy-wheels/3"]
    project = shipped.make(tmp_path, id="OWNER/toy-kernel", dataset_sources=datasets)
    before = (project / "kernel-metadata.json").read_text()
    assert owner.write(project, "alice") == [
        "kernel-metadata.json: id: alice/toy-kernel",
        "kernel-metadata.json: dataset_sources[0]: alice/toy-data",
        "kernel-metadata.json: dataset_sources[2]: alice/toy-wheels/3",
    ]
    assert (project / "kernel-metadata.json").read_text() == before.replace("OWNER", "alice")


def test_another_owner_takes_over_what_the_project_makes_and_nothing_of_others(tmp_path):
    datasets = ["alice/toy-data", "alice/toy-wheels"]
    project = shipped.make(tmp_path, configuration=WITH_WHEELS, dataset_sources=datasets)
    owner.write(project, "bob")
    assert sources(project) == ("bob/toy-kernel", ["alice/toy-data", "bob/toy-wheels"])


def test_further_kernels_get_the_owner_too(tmp_path):
    further = '[tool.kernelwright.kernels.training]\ndriver = "main.py"\nmetadata = "training.json"\n'
    project = shipped.make(tmp_path, configuration=shipped.CONFIGURATION + further)
    (project / "training.json").write_text('{"id": "OWNER/training", "dataset_sources": []}')
    owner.write(project, "bob")
    assert sources(project, "training.json") == ("bob/training", [])


def test_a_second_time_nothing_is_to_be_written(tmp_path):
    project = shipped.make(tmp_path, id="OWNER/toy-kernel")
    owner.write(project, "alice")
    assert owner.write(project, "alice") == []


@pytest.mark.parametrize("name", ["", "OWNER", "a/b", "a b", 'a"b', "-a"])
def test_what_is_no_user_name_is_refused(tmp_path, name):
    project = shipped.make(tmp_path)
    with pytest.raises(InvalidProject) as caught:
        owner.write(project, name)
    assert str(caught.value) == f"{name!r} is not a user name of Kaggle's; take the last part of your profile's address"


def test_a_file_that_is_no_json_is_told_and_no_file_is_written(tmp_path):
    further = '[tool.kernelwright.kernels.training]\ndriver = "main.py"\nmetadata = "training.json"\n'
    project = shipped.make(tmp_path, id="OWNER/toy-kernel", configuration=shipped.CONFIGURATION + further)
    (project / "training.json").write_text("{")
    with pytest.raises(InvalidProject, match=r"^training\.json: not JSON: "):
        owner.write(project, "alice")
    assert sources(project)[0] == "OWNER/toy-kernel"


def test_the_command_says_what_it_wrote_and_wants_a_name(tmp_path):
    project = shipped.make(tmp_path, id="OWNER/toy-kernel")
    result = CliRunner().invoke(app, ["configure", "--project", str(project), "--owner", "alice"])
    assert (result.exit_code, result.stdout) == (0, "kernel-metadata.json: id: alice/toy-kernel\n")
    assert CliRunner().invoke(app, ["configure", "--project", str(project)]).exit_code == 2


def test_the_command_says_that_the_owner_is_there_already(tmp_path):
    result = CliRunner().invoke(app, ["configure", "--project", str(shipped.make(tmp_path)), "--owner", "alice"])
    assert (result.exit_code, result.stdout) == (0, "nothing to change: alice is there already\n")


def test_line_ends_stay_as_they_are(tmp_path):
    file = shipped.make(tmp_path, id="OWNER/toy-kernel") / "kernel-metadata.json"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    before = file.read_bytes()
    owner.write(tmp_path, "alice")
    assert file.read_bytes() == before.replace(b"OWNER", b"alice")


def test_what_one_kernel_makes_and_another_attaches_changes_hands_too(tmp_path):
    further = '[tool.kernelwright.kernels.training]\ndriver = "main.py"\nmetadata = "training.json"\n'
    project = shipped.make(tmp_path, configuration=WITH_WHEELS + further)
    described = (
        '{"id": "alice\\/training", "dataset_sources": ["alice/toy-wheels"], "kernel_sources": ["alice/toy-kernel"]}'
    )
    (project / "training.json").write_text(described)
    assert owner.write(project, "bob") == [
        "kernel-metadata.json: id: bob/toy-kernel",
        "training.json: id: bob/training",
        "training.json: dataset_sources[0]: bob/toy-wheels",
        "training.json: kernel_sources[0]: bob/toy-kernel",
    ]
    assert (project / "training.json").read_text() == described.replace("alice\\/", "bob/").replace("alice", "bob")
    assert owner.write(project, "bob") == []
