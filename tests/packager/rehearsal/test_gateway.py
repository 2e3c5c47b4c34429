import json
import subprocess
from dataclasses import replace

import pytest

from kernelwright.errors import EnvironmentUnavailable
from kernelwright.image import kaggle_image
from kernelwright.project.model import load_project
from kernelwright.rehearsal import evaluation, gateway, sandbox, shared_network, verdict
from kernelwright.rehearsal.gateway import Result
from kernelwright.rehearsal.resource_limits import Usage
from kernelwright.rehearsal.run import Outcome
from kernelwright.rehearsal.run_directory import RunDirectory, RunSpec
from kernelwright.rehearsal.verdict import Word
from tests.packager.rehearsal.conftest import METADATA

SLUG = "toy-competition"
FILES = {
    f"{SLUG}/test.csv": "id\na\n",
    f"{SLUG}/train.csv": "id,answer\nx,1\n",
    f"{SLUG}/truth.csv": "id,answer\na,1\n",
    f"{SLUG}/kaggle_evaluation/__init__.py": "",
    f"{SLUG}/kaggle_evaluation/core/base_gateway.py": "import grpc, pandas as pd\n",
    f"{SLUG}/kaggle_evaluation/toy_gateway.py": "from google.protobuf import json_format\nimport kaggle_evaluation\n",
}
HIDDEN = {f"{SLUG}-hidden/test.csv": "id\nb\nc\n", f"{SLUG}-hidden/truth.csv": "id,answer\nb,1\nc,1\n"}


def write(folder, files):
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


@pytest.fixture
def project(tmp_path):
    write(tmp_path / "in", FILES)
    write(
        tmp_path,
        {
            "pyproject.toml": '[tool.kernelwright]\ndriver = "main.py"\n',
            "kernel-metadata.json": json.dumps({**METADATA, "dataset_sources": []}),
            "main.py": "# %%\n",
        },
    )
    return load_project(tmp_path)


def run_spec(folder):
    return RunSpec(directory=RunDirectory.below(folder / "run"), phase="rerun", layout="new")


def test_a_gateway_is_found_by_its_file_beside_the_core(project, tmp_path):
    found = gateway.find(project, tmp_path / "in")
    assert (found.program, found.hidden) == ("kaggle_evaluation/toy_gateway.py", None)
    (tmp_path / "in" / SLUG / "kaggle_evaluation" / "toy_gateway.py").unlink()
    assert gateway.find(project, tmp_path / "in") is None


def test_what_the_competitions_package_imports_is_of_the_image(project, tmp_path):
    found = gateway.find(project, tmp_path / "in")
    assert found.distributions(kaggle_image.load("2026-08", tmp_path)) == ("grpcio", "pandas", "protobuf")


@pytest.mark.parametrize("read_only", [True, False])
def test_the_gateway_sees_the_hidden_files_and_the_others_and_no_truth(project, tmp_path, read_only):
    write(tmp_path / "in", HIDDEN)
    found = gateway.find(project, tmp_path / "in")
    spec = found.spec(run_spec(tmp_path))
    found.stage(spec, read_only=read_only)
    staged = spec.directory.input / SLUG
    assert (staged / "test.csv").read_text() == HIDDEN[f"{SLUG}-hidden/test.csv"]
    assert (staged / "train.csv").read_text() == FILES[f"{SLUG}/train.csv"]
    assert not (staged / "truth.csv").exists()
    assert spec.mounts == ((staged, f"/kaggle/input/competitions/{SLUG}"), (staged, f"/kaggle/input/{SLUG}"))
    assert spec.program == staged / "kaggle_evaluation" / "toy_gateway.py"


def test_public_data_beside_the_input_folder_makes_that_the_hidden(project, tmp_path):
    write(tmp_path / "in-public", FILES | {f"{SLUG}/test/public.csv": "id\na\n", f"{SLUG}/readme.md": "read"})
    write(tmp_path / "in", {f"{SLUG}/test/hidden.csv": "id\nb\n"})
    found = gateway.find(project, tmp_path / "in")
    assert (found.folder, found.hidden) == (tmp_path / "in-public" / SLUG, tmp_path / "in" / SLUG)
    spec = found.spec(run_spec(tmp_path))
    found.stage(spec, read_only=True)
    staged = spec.directory.input / SLUG
    assert [file.name for file in (staged / "test").iterdir()] == ["hidden.csv"]
    assert (staged / "readme.md").is_file()
    (tmp_path / "in" / SLUG / "kaggle_evaluation" / "toy_gateway.py").unlink()
    assert gateway.find(project, tmp_path / "in") == found
    for is_hidden, folder in ((False, "in-public"), (True, "in")):
        truth = evaluation._truth(project, tmp_path / "in", found, is_hidden=is_hidden)
        assert truth == tmp_path / folder / SLUG / "truth.csv"


def test_notebook_and_gateway_share_a_folder_at_kaggles_place(project, tmp_path):
    spec = replace(run_spec(tmp_path), shared=tmp_path / "shared")
    spec.directory.make()
    beside = gateway.find(project, tmp_path / "in").spec(spec)
    beside.directory.make()
    shared = ("rw", str(tmp_path / "shared"), "/kaggle/shared")
    assert [mount for mount in (*sandbox.mounts(spec), *sandbox.mounts(beside)) if mount == shared] == [shared, shared]


def test_the_truth_is_that_of_the_data_a_run_was_asked_about(project, tmp_path):
    write(tmp_path / "in", HIDDEN)
    found = gateway.find(project, tmp_path / "in")
    public, hidden = (tmp_path / "in" / name / "truth.csv" for name in (SLUG, f"{SLUG}-hidden"))
    assert evaluation._truth(project, tmp_path / "in", found, is_hidden=False) == public
    assert evaluation._truth(project, tmp_path / "in", found, is_hidden=True) == hidden
    assert evaluation._truth(project, tmp_path / "in", None, is_hidden=False) == public
    hidden.unlink()
    assert evaluation._truth(project, tmp_path / "in", found, is_hidden=True) is None


def test_the_submission_may_have_the_name_that_gateways_give_it(project, tmp_path):
    assert gateway.as_written(project, tmp_path).configuration.submission == ("submission.csv",)
    (tmp_path / "submission.parquet").touch()
    assert gateway.as_written(project, tmp_path).configuration.submission == ("submission.parquet",)


def test_a_gateway_is_believed_by_its_result_else_by_its_exit_status():
    calls = '{"seconds": 0.5, "code": "OK"}\n{"seconds": 1.5, "code": "UNKNOWN"}\nhalf a li'
    noted = {"Succeeded": False, "ErrorName": "INVALID_SUBMISSION", "ErrorDetails": None}
    assert gateway.result(noted, calls, "", 0) == Result(
        succeeded=False, error="INVALID_SUBMISSION", calls=[0.5, 1.5], ended=True
    )
    assert gateway.result(None, "", "", 0) == Result(succeeded=True, calls=[])
    assert gateway.result([], "", "KeyError: 1\n", 1) == Result(succeeded=False, details="KeyError: 1", calls=[])
    assert gateway.result(None, "", "waiting", -9) == Result(succeeded=False, details="waiting", calls=[], ended=False)


@pytest.mark.parametrize(
    ("code", "error"),
    [("DEADLINE_EXCEEDED", "GRPC_DEADLINE_EXCEEDED"), ("UNKNOWN", "SERVER_RAISED_EXCEPTION"), ("OK", "")],
)
def test_an_error_without_a_name_has_that_of_the_last_calls_status(code, error):
    calls = json.dumps({"seconds": 2.0, "code": code})
    noted = {"Succeeded": False, "ErrorDetails": "no more"}
    failed = Result(succeeded=False, error=error, details="no more", calls=[2.0])
    assert gateway.result(noted, calls, "", 0) == failed
    assert gateway.result(None, calls, "no more", 1) == failed
    assert gateway.result({"Succeeded": True}, calls, "", 0).error == ""


def test_the_end_of_a_gateways_log_is_kept_for_the_libraries_that_it_missed():
    noted = {"Succeeded": False, "ErrorName": "GATEWAY_RAISED_EXCEPTION", "ErrorDetails": "ImportError"}
    assert gateway.result(noted, "", "tried using: 'pyarrow'", 0).log == "tried using: 'pyarrow'"
    assert gateway.result(None, "", f"{'x' * 9000}No module named 'polars'\n", 1).log.endswith(
        "x" * 9 + "No module named 'polars'"
    )


def judged(result, *, log="", exception=None, exceeded=None):
    outcome = Outcome(
        seconds=7.0,
        exception=exception or {"name": "NoResult", "text": ""},
        usage=Usage(memory=[], exceeded=exceeded),
        notebook={"cells": []},
        hosts=(),
        log=log,
        gateway=result,
    )
    return verdict.judge(outcome, [], [])


@pytest.mark.parametrize(
    ("error", "word"),
    [
        ("SERVER_NEVER_STARTED", Word.TIMEOUT),
        ("SERVER_CONNECTION_FAILED", Word.THREW),
        ("SERVER_RAISED_EXCEPTION", Word.THREW),
        ("SERVER_MISSING_ENDPOINT", Word.THREW),
        ("GRPC_DEADLINE_EXCEEDED", Word.TIMEOUT),
        ("INVALID_SUBMISSION", Word.SCORING_ERROR),
        ("", Word.THREW),
    ],
)
def test_each_error_of_a_gateway_has_kaggles_word(error, word):
    assert judged(Result(succeeded=False, error=error)).word == word


def test_a_failed_call_is_shown_with_its_number_and_the_traceback_of_the_server():
    log = "Executing Cell 3\nTraceback (most recent call last):\n  File x\nFileNotFoundError: hidden.csv\n"
    found = judged(Result(succeeded=False, error="SERVER_RAISED_EXCEPTION", details="unknown", calls=[1, 1]), log=log)
    assert found.detail == (
        "SERVER_RAISED_EXCEPTION in call 2: a function that the gateway calls raised\nunknown\n"
        "hidden files are not where the notebook runs: what predict is to know of them comes with the call\n"
        "  ! Traceback (most recent call last):\n  !   File x\n  ! FileNotFoundError: hidden.csv"
    )


def test_the_traceback_that_grpc_logged_is_shown_before_any_other():
    server_log = "Exception calling application: 0\nTraceback (most recent call last):\nKeyError: 0\n"
    failed = Result(succeeded=False, error="SERVER_RAISED_EXCEPTION", calls=[1], server_log=server_log)
    other = "Traceback (most recent call last):\nOSError\n"
    assert judged(failed, log=other).detail.endswith("\n  ! Traceback (most recent call last):\n  ! KeyError: 0")


def test_a_run_over_its_time_says_how_many_calls_were_answered():
    assert "answered: 2" in judged(Result(succeeded=False, calls=[1, 1]), exceeded="time").detail


def test_a_server_that_waits_where_it_is_ended_is_complete():
    assert judged(Result(succeeded=True, calls=[1])) == verdict.Verdict(word=Word.COMPLETE)


def test_a_network_that_cannot_be_made_is_one_line(monkeypatch, tmp_path):
    (tmp_path / "python").write_text("#!/bin/sh\necho 'Traceback' >&2\necho 'OSError: not permitted' >&2\n")
    (tmp_path / "python").chmod(0o755)
    monkeypatch.setattr(shared_network.sys, "executable", str(tmp_path / "python"))
    reason = r"^no network .* here: OSError: not permitted; try --sandbox process$"
    with pytest.raises(EnvironmentUnavailable, match=reason), shared_network.hold():
        pass


def test_a_machine_without_nsenter_is_told_to_install_it(monkeypatch):
    monkeypatch.setenv("PATH", "")
    with (
        pytest.raises(EnvironmentUnavailable, match=r"nsenter \(of util-linux\) is not on PATH"),
        shared_network.hold(),
    ):
        pass


def test_a_run_has_a_network_of_its_own_where_it_shares_none():
    assert shared_network.join(None, ["true"]) == ("true",)


def test_what_joins_a_network_has_nothing_but_its_loopback():
    try:
        with shared_network.hold() as network:
            listed = subprocess.check_output(shared_network.join(network, ["cat", "/proc/net/dev"]), text=True)
    except EnvironmentUnavailable as error:
        pytest.skip(str(error))
    assert [line.split(":")[0].strip() for line in listed.splitlines()[2:]] == ["lo"]
