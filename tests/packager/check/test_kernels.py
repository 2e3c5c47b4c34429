import json

import pytest

from kernelwright.check import kernels
from kernelwright.project.model import load_project
from tests.packager import shipped

WHERE = "pyproject.toml: tool.kernelwright.kernels.training"
DATASET = 'carrier = "dataset"\nsources_dataset = "toy-sources"\n'
SOURCES = ["alice/toy-data", "alice/toy-sources"]


def training(folder, configuration, **described):
    """Make a project of two kernels; return the places of what is found in the second."""
    further = f'[tool.kernelwright.kernels.training]\ndriver = "main.py"\nsources = ["toy"]\n{configuration}'
    first = f"{shipped.CONFIGURATION}{DATASET}{further}"
    shipped.make(folder, configuration=first, dataset_sources=SOURCES)
    told = shipped.METADATA | {"dataset_sources": SOURCES} | described
    (folder / "training").mkdir()
    (folder / "training/kernel-metadata.json").write_text(json.dumps(told))
    return [(one.location, one.message, one.fix) for one in kernels.kernels(load_project(folder, "training"))]


def test_kernels_that_share_nothing_are_fine(tmp_path):
    own = {"id": "alice/toy-training", "code_file": "training.ipynb"}
    assert training(tmp_path / "a", 'metadata = "training/kernel-metadata.json"\n', **own) == []
    assert list(kernels.kernels(load_project(tmp_path / "a"))) == []


def test_one_file_of_metadata_for_two_kernels_is_found(tmp_path):
    found = [(f"{WHERE}.metadata", "is that of the first kernel too", "name another")]
    assert training(tmp_path / "a", "") == found


@pytest.mark.parametrize(
    ("key", "described", "configuration"),
    [
        ("training/kernel-metadata.json: id", {"code_file": "training.ipynb"}, ""),
        ("training/kernel-metadata.json: code_file", {"id": "alice/other", "code_file": "../build/toy.ipynb"}, ""),
        (f"{WHERE}.sources_dataset", {"id": "alice/other", "code_file": "training.ipynb"}, DATASET),
    ],
)
def test_what_two_kernels_would_both_write_to_is_found(tmp_path, key, described, configuration):
    found = training(tmp_path / "a", f'metadata = "training/kernel-metadata.json"\n{configuration}', **described)
    assert found == [(key, "is that of the first kernel too", "name another")]
