"""What a project is started from: a file, or a kernel on Kaggle, here one on 127.0.0.1."""

import json

import pytest

from kernelwright.adopt import original
from kernelwright.adopt.convert import convert
from kernelwright.errors import ClientFailed, InvalidNotebook
from tests.packager.adopt.corpus_files import notebook
from tests.packager.loopback import Kernel
from tests.packager.ship.conftest import kaggle

__all__ = ["kaggle"]  # the fixture: the real client, which reaches nothing else

SENT = {
    "slug": "alice/first-look",
    "newTitle": "First look",
    "competitionDataSources": ["houses"],
    "datasetDataSources": ["bob/streets"],
}


def test_a_kernel_on_kaggle_brings_what_it_attaches(kaggle):
    kaggle.kernels["alice/first-look"] = Kernel(versions=[{**SENT, "text": notebook("tabular").decode()}])
    read = original.read("alice/first-look")
    assert [cell.source for cell in read.cells][:2] == [
        cell["source"] for cell in json.loads(notebook("tabular"))["cells"][:2]
    ]
    metadata = json.loads(convert(read, "second-look").files["kernel-metadata.json"])
    assert (metadata["id"], metadata["competition_sources"], metadata["dataset_sources"]) == (
        "OWNER/second-look",
        ["houses"],
        ["bob/streets"],
    )


def test_a_kernel_that_is_not_there_is_said(kaggle):
    with pytest.raises(ClientFailed, match=r"^alice/nothing: no such kernel on Kaggle, or not yours to see$"):
        original.read("alice/nothing")


def test_the_metadata_beside_a_notebook_is_taken_if_it_is_of_this_one(tmp_path):
    (tmp_path / "a.ipynb").write_bytes(notebook("nlp"))
    (tmp_path / "b.ipynb").write_bytes(notebook("nlp"))
    (tmp_path / "kernel-metadata.json").write_text('{"code_file": "a.ipynb", "model_sources": ["a/b/c/d/1"]}')
    attached = [original.read(str(tmp_path / name)).kaggle.get("model_sources") for name in ("a.ipynb", "b.ipynb")]
    assert attached == [["a/b/c/d/1"], None]


def test_a_percent_script_is_taken_too(tmp_path):
    (tmp_path / "a.py").write_text("# %% [markdown]\n# Hello\n\n# %%\n!ls\n")
    cells = original.read(str(tmp_path / "a.py")).cells
    assert [(cell.kind, cell.source) for cell in cells] == [("markdown", "Hello"), ("code", "!ls")]


def test_sizes_are_bounded(tmp_path, monkeypatch):
    (tmp_path / "a.ipynb").write_bytes(notebook("nlp"))
    monkeypatch.setattr(original, "LARGEST_BYTES", 100)
    with pytest.raises(InvalidNotebook, match="more than 100; clear its outputs and save it"):
        original.read(str(tmp_path / "a.ipynb"))
    monkeypatch.undo()
    monkeypatch.setattr(original, "MOST_CELLS", 3)
    with pytest.raises(InvalidNotebook, match="cells, more than 3"):
        original.read(str(tmp_path / "a.ipynb"))


def test_what_a_path_leaves_open_is_listed(tmp_path):
    code = (
        "a = ['/kaggle/input/houses/x', '../input/streets/y', '/kaggle/input/folds.csv', '/kaggle/input/models/g/delg']"
    )
    (tmp_path / "a.py").write_text(f"# %%\n{code}\n")
    conversion = convert(original.read(str(tmp_path / "a.py")), "some-kernel")
    assert dict(conversion.report)["for you to decide"] == [
        "`folds.csv` is read below /kaggle/input, where only attached sources have a folder",
        "`g/delg` is read, but only part of its name is known: attach it (a model with its version)",
        "`houses`, `streets`: read, but the owner is unknown; write each owner in dataset_sources, "
        "or move its slug to competition_sources",
    ]
    assert json.loads(conversion.files["kernel-metadata.json"])["dataset_sources"] == ["OWNER/houses", "OWNER/streets"]
