"""A toy competition, and kernels of a few lines that run in it."""

import functools
import json
import textwrap

import pytest

from kernelwright.project.model import load_project
from kernelwright.rehearsal.rehearse import Plan, rehearse
from kernelwright.rehearsal.resource_limits import Limits

METADATA = {
    "id": "OWNER/toy-kernel",
    "title": "Toy kernel",
    "code_file": "build/toy.ipynb",
    "language": "python",
    "kernel_type": "notebook",
    "enable_internet": False,
    "competition_sources": ["toy-competition"],
    "dataset_sources": ["OWNER/toy-data"],
}
CONFIGURATION = """
[tool.kernelwright]
driver = "main.py"
sources = ["toy"]
score = "toy:score"

[tool.kernelwright.public]
"toy-competition/train.csv" = { rows = 50 }

[tool.kernelwright.commit]
smoke = 2
"""
PACKAGE = '''
"""A kernel that answers each id with its length."""

import csv

from kernelwright.runtime import inputs


def answers():
    with (inputs.find("toy-competition") / "test.csv").open(newline="") as file:
        return [(row["id"], len(row["id"])) for row in csv.DictReader(file)]


def score(submission, truth):
    with submission.open(newline="") as mine, truth.open(newline="") as right:
        pairs = list(zip(csv.reader(mine), csv.reader(right), strict=True))
    return {"accuracy": sum(a == b for a, b in pairs[1:]) / (len(pairs) - 1)}
'''
GOOD = """
# %% [markdown]
# # Toy

# %%
from kernelwright.runtime import phase, stages, submission
from toy import answers

run = phase.detect()
submission.copy_sample()

# %%
if run.computes:
    rows = [row for row in stages.stage("answer", answers())]
    submission.write(rows, header=("id", "answer"), after="answer")
"""


def write_source(folder):
    """Write an input folder in design form."""
    competition, data = folder / "toy-competition", folder / "toy-data"
    competition.mkdir(parents=True)
    data.mkdir()
    (competition / "train.csv").write_text("id,answer\nx,1\ny,1\n")
    (competition / "test.csv").write_text("id\na\nbb\nccc\n")
    (competition / "sample_submission.csv").write_text("id,answer\na,0\nbb,0\nccc,0\n")
    (competition / "truth.csv").write_text("id,answer\na,1\nbb,2\nccc,9\n")
    (data / "weights.txt").write_text("weights\n")
    return folder


def write_kernel(root, driver=GOOD, **metadata):
    """Write a project of a driver's text, and load it, ready to rehearse."""
    (root / "toy").mkdir(parents=True)
    (root / "pyproject.toml").write_text(CONFIGURATION)
    (root / "kernel-metadata.json").write_text(json.dumps({**METADATA, **metadata}))
    (root / "main.py").write_text(textwrap.dedent(driver))
    (root / "toy" / "__init__.py").write_text(PACKAGE)
    return load_project(root)


@pytest.fixture
def source(tmp_path):
    """An input folder."""
    return write_source(tmp_path / "input")


@pytest.fixture
def kernel(tmp_path):
    """Make a project of a driver's text."""
    return lambda driver=GOOD, **metadata: write_kernel(tmp_path / "project", driver, **metadata)


@pytest.fixture(scope="session")
def rehearsed(tmp_path_factory):
    """The good kernel after both phases in all layouts, a sandbox a name: project, report, the input's state before."""

    @functools.cache
    def rehearsed(name):
        folder = tmp_path_factory.mktemp(name)
        source, project = write_source(folder / "input"), write_kernel(folder / "project")
        before = contents(source)
        report = rehearse(project, Plan(source=source, sandbox=name))
        return project, report, before, contents(source)

    return rehearsed


def contents(folder):
    """Return the bytes of each file."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def rerun(kernel, source):
    """Rehearse the rerun of a driver's text alone, in one layout; return the one run of the report."""

    def rerun(driver, sandbox=None, **limits):
        plan = Plan(source=source, phases=["rerun"], layouts=["new"], sandbox=sandbox, limits=Limits(**limits))
        report = rehearse(kernel(driver), plan)
        assert report.complete == (report.runs[0].verdict == "Complete")  # which is what the exit status says
        return report.runs[0]

    return rerun
