import json

import pytest

from kernelwright.check.kernels import kernels
from kernelwright.project.model import load_project
from tests.packager import shipped

TABLE = "pyproject.toml: tool.kernelwright.kernels.training"
DATASET = 'carrier = "dataset"\nsources_dataset = "toy-sources"\n'
SOURCES = ["alice/toy-data", "alice/toy-sources"]
OWN_METADATA = 'metadata = "training/kernel-metadata.json"\n'


def training(folder, configuration, **changes):
    """Make a project of two kernels; return code and place of what is found in the second."""
    further = f'[tool.kernelwright.kernels.training]\ndriver = "main.py"\nsources = ["toy"]\n{configuration}'
    shipped.make(folder, configuration=f"{shipped.CONFIGURATION}{DATASET}{further}", dataset_sources=SOURCES)
    values = shipped.METADATA | {"dataset_sources": SOURCES} | changes
    (folder / "training").mkdir()
    (folder / "training/kernel-metadata.json").write_text(json.dumps(values))
    return [(problem.code, problem.location) for problem in kernels(load_project(folder, "training"))]


def test_kernels_that_share_nothing_are_fine(tmp_path):
    own = {"id": "alice/toy-training", "code_file": "training.ipynb"}
    assert training(tmp_path / "a", OWN_METADATA, **own) == []
    assert list(kernels(load_project(tmp_path / "a"))) == []


def test_one_metadata_file_for_two_kernels_is_found(tmp_path):
    assert training(tmp_path / "a", "") == [("KW121", f"{TABLE}.metadata")]
    (problem,) = kernels(load_project(tmp_path / "a", "training"))
    assert (problem.message, problem.fix) == ("is that of the first kernel too", "name another")


@pytest.mark.parametrize(
    ("place", "changes", "configuration"),
    [
        ("training/kernel-metadata.json: id", {"code_file": "training.ipynb"}, ""),
        ("training/kernel-metadata.json: code_file", {"id": "alice/other", "code_file": "../build/toy.ipynb"}, ""),
        (f"{TABLE}.sources_dataset", {"id": "alice/other", "code_file": "training.ipynb"}, DATASET),
    ],
)
def test_what_two_kernels_would_both_write_to_is_found(tmp_path, place, changes, configuration):
    assert training(tmp_path / "a", f"{OWN_METADATA}{configuration}", **changes) == [("KW121", place)]
