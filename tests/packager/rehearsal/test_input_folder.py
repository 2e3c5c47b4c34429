import csv
import json

import pytest

from kernelwright.errors import InvalidInput
from kernelwright.project.config import Fingerprint
from kernelwright.project.model import load_project
from kernelwright.rehearsal import input_folder
from kernelwright.rehearsal.input_folder import Folders
from kernelwright.rehearsal.run_directory import RunDirectory
from tests.packager.rehearsal.conftest import contents


@pytest.fixture
def padded(tmp_path):
    """Pad a table to a number of rows; return its bytes."""

    def padded(content, rows):
        (tmp_path / "toys").mkdir()
        (tmp_path / "toys" / "train.csv").write_bytes(content)
        input_folder.make_public(tmp_path, {"toys/train.csv": Fingerprint(rows=rows)})
        assert [path.name for path in (tmp_path / "toys").iterdir()] == ["train.csv"]
        return (tmp_path / "toys" / "train.csv").read_bytes()

    return padded


def test_rows_are_added_under_new_ids_of_the_same_width(padded):
    assert padded(b"id,answer\na0,1\n00,2", 4) == b"id,answer\na0,1\n00,2\n01,2\n02,2\n"


def test_records_are_counted_and_repeated_whole(padded):
    text = padded(b'essay,text\r\na1,plain\r\na2,"two\n\nlines, or so"\r\n\r\n', 4).decode()
    assert text.endswith('00,"two\n\nlines, or so"\r\n01,"two\n\nlines, or so"\r\n')
    rows = [row for row in csv.reader(text.splitlines(keepends=True)) if row]
    assert [row[0] for row in rows] == ["essay", "a1", "a2", "00", "01"]


def test_what_is_added_is_in_the_coding_of_the_rest(padded):
    assert padded("id,place\nx,Étang\n".encode("latin-1"), 2).endswith("\n0,Étang\n".encode("latin-1"))


def test_more_rows_than_the_public_has_cannot_be_imitated(padded):
    with pytest.raises(InvalidInput, match=r"train.csv: 2 rows cannot be padded to the public 1$"):
        padded(b"id\na\nb\n", 1)


def test_a_link_is_never_written_through(tmp_path):
    original = tmp_path / "original.csv"
    original.write_text("id,answer\na,1\n")
    (tmp_path / "input" / "toys").mkdir(parents=True)
    (tmp_path / "input" / "toys" / "train.csv").hardlink_to(original)
    input_folder.make_public(tmp_path / "input", {"toys/train.csv": Fingerprint(rows=9)})
    assert original.read_text() == "id,answer\na,1\n"
    (tmp_path / "input" / "toys" / "out.csv").symlink_to(original)
    with pytest.raises(InvalidInput, match="no such file, but"):
        input_folder.make_public(tmp_path / "input", {"toys/out.csv": Fingerprint(rows=9)})


def test_a_link_under_the_name_that_padding_writes_beside_is_not_written_through(tmp_path):
    original = tmp_path / "original.csv"
    original.write_text("mine")
    (tmp_path / "input/toys").mkdir(parents=True)
    (tmp_path / "input/toys/train.csv").write_text("id\na\n")
    (tmp_path / "input/toys/train.csv.padded").hardlink_to(original)
    input_folder.make_public(tmp_path / "input", {"toys/train.csv": Fingerprint(rows=2)})
    assert original.read_text() == "mine"


@pytest.fixture
def stage(kernel, source, tmp_path):
    def stage(**metadata):
        project = kernel(**metadata)
        directory = RunDirectory.below(tmp_path / "run")
        missing = input_folder.stage(project, Folders(source=source), directory, read_only=False)
        return project, directory, missing

    return stage


def test_all_but_the_truth_is_staged_and_what_is_absent_is_named(stage, source):
    before = contents(source)
    _, directory, missing = stage(dataset_sources=["OWNER/toy-data", "OWNER/others"], model_sources=["a/b/c/d/1"])
    assert missing == ["others", "b"]
    staged = sorted(path.relative_to(directory.input).as_posix() for path in contents(directory.input))
    names = ["sample_submission.csv", "test.csv", "train.csv"]
    assert staged == [*(f"toy-competition/{name}" for name in names), "toy-data/weights.txt"]
    for path in contents(directory.input):
        path.write_text("changed")
    assert contents(source) == before


def test_a_kernel_source_is_a_utility_script_where_its_module_lies_in_it(stage, source):
    for slug, name in (("tide-helpers", "tide_helpers.py"), ("tide-features", "features.csv")):
        (source / slug).mkdir()
        (source / slug / name).write_text("")
    project, directory, _ = stage(kernel_sources=["ann/tide-helpers", "ann/tide-features"])
    assert (directory.scripts / "tide_helpers" / "tide_helpers.py").is_file()
    assert (directory.input / "tide-features" / "features.csv").is_file()
    targets = [target for _, target in input_folder.mounts(project.metadata, directory, "old")]
    assert targets[-2:] == ["/kaggle/usr/lib/tide_helpers", "/kaggle/input/tide-features"]


@pytest.fixture
def trained(kernel):
    """A project whose kernel attaches the output of another one, its rehearsal and where that left its output."""
    root = kernel(kernel_sources=["OWNER/toy-training"]).root
    with (root / "pyproject.toml").open("a") as file:
        file.write('\n[tool.kernelwright.kernels.training]\ndriver = "main.py"\nmetadata = "training.json"\n')
    described = json.loads((root / "kernel-metadata.json").read_text())
    (root / "training.json").write_text(json.dumps({**described, "id": "OWNER/toy-training", "kernel_sources": []}))
    working = root / "build/rehearsal-training/commit-old/working"
    working.mkdir(parents=True)
    (working / "weights.json").write_text("{}")
    return root, working


def report(root, phase="commit", mounts="old"):
    runs = [{"phase": phase, "mounts": mounts, "verdict": "Complete"}]
    (root / "build/rehearsal-training/report.json").write_text(json.dumps({"notebook_sha256": "", "runs": runs}))


def test_the_output_of_a_kernel_of_the_project_is_taken_from_its_last_rehearsal(trained, source, tmp_path):
    root, _ = trained
    report(root)
    directory = RunDirectory.below(tmp_path / "run")
    assert input_folder.stage(load_project(root), Folders(source=source), directory, read_only=True) == []
    assert (directory.input / "toy-training" / "weights.json").is_file()


@pytest.mark.parametrize("phase", ["../../../secret", "/secret", "..", 3, None, "x" * 5_000])
def test_a_report_that_names_a_folder_elsewhere_brings_no_output(trained, source, tmp_path, phase):
    root, _ = trained
    (tmp_path / "secret-old/working").mkdir(parents=True)
    report(root, phase)
    directory = RunDirectory.below(tmp_path / "run")
    assert input_folder.stage(load_project(root), Folders(source=source), directory, read_only=True) == ["toy-training"]


def test_a_link_that_a_run_left_does_not_bring_what_it_leads_to(trained, source, tmp_path):
    root, working = trained
    report(root)
    (tmp_path / "secret").write_text("mine")
    (working / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(InvalidInput, match="working/link: a link that leads out of what the run left; remove it"):
        input_folder.stage(
            load_project(root), Folders(source=source), RunDirectory.below(tmp_path / "run"), read_only=True
        )
