import os

import pytest

from kernelwright.project.model import load_project
from kernelwright.rehearsal import submission_check
from kernelwright.rehearsal.run_directory import RunDirectory, RunSpec
from kernelwright.rehearsal.submission_check import STALE

SAMPLE = "id,answer\na,0\nbb,0\nccc,0\n"
GOOD = b"id,answer\na,1\nbb,2\nccc,3\n"


@pytest.fixture
def check(kernel, tmp_path):
    """Check files left in a working folder, with a sample in the input."""
    root = kernel().root
    base = (root / "pyproject.toml").read_text()

    def check(files, keys="", sample=SAMPLE, phase="rerun", **metadata):
        (root / "pyproject.toml").write_text(base.replace("[tool.kernelwright]", f"[tool.kernelwright]\n{keys}"))
        directory = RunDirectory.below(tmp_path / f"run-{len([*tmp_path.iterdir()])}")
        directory.make()
        (directory.input / "toy-competition").mkdir(parents=True)
        if sample:
            (directory.input / "toy-competition" / "sample_submission.csv").write_text(sample)
        for name, data in files.items():
            data(directory.working / name) if callable(data) else (directory.working / name).write_bytes(data)
        return submission_check.check(load_project(root), RunSpec(directory=directory, phase=phase, layout="new"))

    return check


def test_a_table_is_compared_with_the_sample_by_the_rule_of_the_runtime(check):
    fine = check({"submission.csv": b"\xef\xbb\xbf" + GOOD})
    assert (fine.missing, fine.problems, fine.rows, fine.is_sample) == ((), (), 3, False)
    assert check({"submission.csv": b"id,answer\na,1\nbb,2\n"}).problems == ("1 id missing: ccc",)
    (problem,) = check({"submission.csv": b"id,answer\n\xff,1\na,1\nbb,2\nccc,3\n"}).problems
    assert problem == "1 id not in the sample: ÿ"


def test_runs_are_compared_by_their_ids_in_any_order(check):
    other = b"id,answer\nccc,7\nbb,8\na,9\n"
    first, second = check({"submission.csv": GOOD}), check({"submission.csv": other})
    assert first.ids_sha256 == second.ids_sha256 != ""
    assert first.sha256 != second.sha256


@pytest.mark.parametrize(
    ("make", "trouble"),
    [
        (lambda path: None, "submission.csv was not written"),
        (lambda path: path.touch(), "submission.csv is empty"),
        (os.mkfifo, "submission.csv is no file: a folder, a named pipe or a device"),
        (lambda path: path.mkdir(), "submission.csv is no file: a folder, a named pipe or a device"),
        (lambda path: path.symlink_to("/etc/passwd"), "submission.csv was not written"),
    ],
)
def test_only_a_file_of_the_working_folder_that_holds_something_is_there(check, make, trouble):
    assert check({"submission.csv": make}).missing == (trouble,)


def test_the_sample_is_stale_only_where_it_would_be_scored(check):
    left = {"submission.csv": SAMPLE.encode()}
    assert check(left).problems == (STALE,)
    assert (check(left, phase="commit").problems, check(left, phase="commit").is_sample) == ((), True)
    assert check(left, 'kind = "once"', phase="commit").problems == (STALE,)


def test_what_is_no_table_is_only_looked_for_and_has_no_digest(check):
    found = check({"submission.zip": b"PK"}, 'submission = "submission.zip"')
    assert (found.missing, found.problems, found.rows, found.sha256) == ((), (), 0, "")


def test_of_several_files_all_have_to_be_there(check):
    keys = 'submission = ["day.csv", "night.csv"]'
    assert check({"day.csv": GOOD}, keys, sample="").missing == ("night.csv was not written",)
    assert check({"day.csv": GOOD, "night.csv": b"hour,load\n1,3\n1,4\n"}, keys, sample="").problems == ()


def test_a_kernel_that_is_run_for_its_output_submits_nothing(check):
    assert check({}, 'kind = "output"').missing == ()


def test_a_damaged_parquet_file_is_a_problem(check):
    (problem,) = check({"submission.parquet": b"no parquet"}, 'submission = "submission.parquet"').problems
    assert problem.startswith(("submission.parquet cannot be checked: ", "submission.parquet is not a parquet file: "))
