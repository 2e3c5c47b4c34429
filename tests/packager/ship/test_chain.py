"""Two kernels of one project, pushed one after the other: the second runs on the first one's output."""

import json

import pytest

from tests.packager import shipped
from tests.packager.kaggle_calls import run
from tests.packager.loopback import rehearsing

TRAINING = """
[tool.kernelwright.kernels.training]
driver = "train.py"
metadata = "training/kernel-metadata.json"
"""
TRAINER = """
# %%
import pathlib

pathlib.Path("weights.txt").write_text("7")
"""
READER = """
# %%
import toy
from kernelwright.runtime import inputs, submission

weight = (inputs.find("toy-training") / "weights.txt").read_text()
submission.write([(name, weight) for name, _ in toy.answers(inputs.find("toy-competition"))], header=["id", "answer"])
"""


@pytest.fixture
def project(tmp_path):
    configuration = shipped.CONFIGURATION + TRAINING
    folder = shipped.make(tmp_path / "project", configuration=configuration, kernel_sources=["alice/toy-training"])
    (folder / "main.py").write_text(READER)
    (folder / "train.py").write_text(TRAINER)
    own = {"id": "alice/toy-training", "title": "Toy training", "code_file": "training.ipynb"}
    bare = {"competition_sources": [], "dataset_sources": []}
    (folder / "training").mkdir()
    (folder / "training/kernel-metadata.json").write_text(json.dumps({**shipped.METADATA, **own, **bare}))
    shipped.commit(folder)
    return folder


@pytest.fixture
def server(kaggle, tmp_path):
    """A server that really runs what is pushed, on a competition of two queries."""
    (tmp_path / "inputs/toy-competition").mkdir(parents=True)
    (tmp_path / "inputs/toy-competition/test.csv").write_text("id\na\nbb\n")
    (tmp_path / "inputs/toy-competition/sample_submission.csv").write_text("id,answer\na,0\nbb,0\n")
    kaggle.run = rehearsing(kaggle, tmp_path / "inputs")
    return kaggle


@pytest.mark.full
def test_the_second_kernel_runs_on_what_the_first_one_left_on_kaggle(server, project):
    options = ("--wait", "--skip-rehearsal", "--poll", "0.05")
    assert run(server, project, "push", "--kernel", "training", *options)[0::2] == (0, [])
    assert (project / "build/output-training/weights.txt").read_text() == "7"
    assert run(server, project, "push", *options)[0::2] == (0, [])
    assert (project / "build/output/submission.csv").read_text() == "id,answer\na,7\nbb,7\n"
    assert server.kernels["alice/toy-kernel"].versions[0]["kernelDataSources"] == ["alice/toy-training"]


@pytest.mark.full
def test_a_first_kernel_that_fails_on_kaggle_ends_the_chain(server, project):
    (project / "train.py").write_text("# %%\nraise ValueError('the loss is no number')\n")
    options = ("--wait", "--skip-rehearsal", "--poll", "0.05")
    status, _, errors = run(server, project, "push", "--kernel", "training", *options)
    assert (status, len(errors)) == (1, 1)
    assert "the loss is no number" in errors[0]
