"""Kernels whose ``predict`` is called by a gateway, well and badly behaved, in the real sandbox."""

import re
import shutil
from dataclasses import replace

import pytest

from kernelwright.image.kaggle_image import DEFAULT
from kernelwright.project import scaffold
from kernelwright.project.model import load_project
from kernelwright.rehearsal.rehearse import Plan, rehearse
from kernelwright.rehearsal.resource_limits import Limits
from kernelwright.rehearsal.verdict import Word

PLAN = Plan(source=None, phases=["rerun"], layouts=["new"], limits=Limits(hours=0.05))
DRIVER = """
# %%
import os
import time

from kernelwright.runtime import inputs
from kaggle_evaluation.default_inference_server import DefaultInferenceServer

calls = []


def {name}(test, sample):
    calls.append(test)
    {body}


# %%
{before}
server = DefaultInferenceServer({name})
{serve}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("inference") / "day-sales"
    scaffold.start(folder, "inference-server", kind="rerun", image=DEFAULT)
    return folder


def rerun(folder, body="return sample", name="predict", before="", serve="server.serve()", source=None):
    text = DRIVER.format(body=body, name=name, before=before, serve=serve)
    (folder / "kernel_src" / "main.py").write_text(text)
    return rehearse(load_project(folder), replace(PLAN, source=source or folder / "build" / "mini")).runs[0]


@pytest.fixture
def gateway_files(folder):
    """Return a function that edits the competition's package; what it did is undone."""
    package = folder / "build" / "mini" / "my-competition" / "kaggle_evaluation"
    originals = {}

    def edit(name, pattern, replacement):
        originals.setdefault(name, (package / name).read_text())
        text, count = re.subn(pattern, replacement, originals[name])
        assert count == 1
        (package / name).write_text(text)

    yield edit
    for name, text in originals.items():
        (package / name).write_text(text)


@pytest.mark.full
def test_the_answers_to_the_hidden_rows_are_judged_and_scored(folder):
    run = rerun(folder, body="return sample.assign(sales=40.0)")
    assert (run.verdict, run.detail) == (Word.COMPLETE, "")
    assert (run.submission["rows"], run.gateway) == (36, {"error": "", "calls": 12})
    assert [(stage["name"], stage["count"]) for stage in run.stages] == [("gateway calls", 12)]
    assert run.scores["error"] > 0


@pytest.mark.full
def test_a_public_folder_beside_the_input_is_what_the_notebook_sees(folder, tmp_path):
    mini = folder / "build" / "mini"
    shutil.copytree(mini, tmp_path / "data")
    shutil.copytree(mini, tmp_path / "data-public")
    (tmp_path / "data" / "my-competition-hidden").rename(tmp_path / "hidden")
    shutil.rmtree(tmp_path / "data-public" / "my-competition-hidden")
    shutil.copytree(tmp_path / "hidden", tmp_path / "data" / "my-competition", dirs_exist_ok=True)
    seen = "print(len((inputs.find('my-competition') / 'test.csv').read_text().splitlines()), 'lines')"
    run = rerun(folder, body="return sample.assign(sales=40.0)", before=seen, source=tmp_path / "data")
    assert (run.verdict, run.detail) == (Word.COMPLETE, "")
    assert (run.submission["rows"], run.gateway) == (36, {"error": "", "calls": 12})
    public = (tmp_path / "data-public" / "my-competition" / "test.csv").read_text().splitlines()
    log = folder / "build" / "rehearsal" / "rerun-new" / "log.txt"
    assert f"{len(public)} lines" in log.read_text()
    assert len(public) < 36


@pytest.mark.full
@pytest.mark.parametrize(
    ("kernel", "word", "detail"),
    [
        (
            {"body": "raise ValueError('no model')"},
            Word.THREW,
            "SERVER_RAISED_EXCEPTION in call 1: .*ValueError: no model",
        ),
        ({"body": "return sample if len(calls) < 3 else 1 / 0"}, Word.THREW, "in call 3: .*ZeroDivisionError"),
        ({"body": "return None"}, Word.SCORING_ERROR, "INVALID_SUBMISSION in call 1: .*No prediction received"),
        (
            {"body": "return sample[:1]"},
            Word.SCORING_ERROR,
            "INVALID_SUBMISSION in call 1: .*received 1 rows, expected 3",
        ),
        ({"body": "return sample.assign(sales='many')"}, Word.SCORING_ERROR, "INVALID_SUBMISSION in call 1: .*numbers"),
        (
            {"body": "return object()"},
            Word.THREW,
            "SERVER_RAISED_EXCEPTION in call 1: .*builtins.object cannot be sent",
        ),
        (
            {"body": "return open(inputs.find('my-competition') / 'truth.csv')"},
            Word.THREW,
            "hidden files are not where the notebook runs.*FileNotFoundError",
        ),
        ({"name": "answer"}, Word.THREW, "SERVER_MISSING_ENDPOINT in call 1: .*no endpoint predict"),
        ({"body": "os._exit(1)"}, Word.THREW, "SERVER_CONNECTION_FAILED in call"),
        ({"serve": "print('forgotten')"}, Word.THREW, "the notebook ended, and its server with it"),
        ({"before": "raise RuntimeError('no weights')"}, Word.THREW, "the notebook ended.*RuntimeError: no weights"),
    ],
)
def test_a_server_that_misbehaves_gets_kaggles_word_and_the_reason(folder, kernel, word, detail):
    run = rerun(folder, **kernel)
    assert run.verdict == word
    assert re.search(detail, run.detail, re.DOTALL), run.detail


@pytest.mark.full
def test_a_call_over_the_competitions_limit_is_a_timeout(folder, gateway_files):
    gateway_files("default_gateway.py", r"RESPONSE_TIMEOUT_SECONDS = 60", "RESPONSE_TIMEOUT_SECONDS = 1")
    run = rerun(folder, body="return time.sleep(5 * (len(calls) > 1)) or sample")
    assert run.verdict == Word.TIMEOUT
    assert "GRPC_DEADLINE_EXCEEDED in call 2" in run.detail


@pytest.mark.full
def test_a_server_that_is_not_up_in_time_is_a_timeout(folder, gateway_files):
    gateway_files("core/relay.py", r"STARTUP_LIMIT_SECONDS = .*", "STARTUP_LIMIT_SECONDS = 2.0")
    run = rerun(folder, before="time.sleep(60)")
    assert run.verdict == Word.TIMEOUT
    assert run.detail.startswith("SERVER_NEVER_STARTED in call 1")
