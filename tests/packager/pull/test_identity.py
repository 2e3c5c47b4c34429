"""A notebook of another kernel, or of another project, is no edit of this driver."""

import json

import pytest

from kernelwright.bundle.build import build_notebook
from kernelwright.project.model import load_project
from kernelwright.pull import plan as plans
from tests.packager import shipped
from tests.packager.pull.edits import applied, code_cell, edit, notebook, source

OTHER = "# %%\nimport toy\n\n# %%\ntoy.train()\n\n# %%\nprint('trained')\n"
WHOLE = f'{shipped.CONFIGURATION}[tool.kernelwright.kernels.train]\ndriver = "train.py"\nsources = ["toy"]\n'
WHOLE += 'metadata = "train/kernel-metadata.json"\n'
FIRST = "this is the notebook of the first kernel; pull it without --kernel"
TRAIN = "this is the notebook of the kernel train; pull it with --kernel train"


@pytest.fixture
def project(tmp_path):
    folder = shipped.make(tmp_path / "project", configuration=WHOLE)
    (folder / "train").mkdir()
    told = {**shipped.METADATA, "id": "alice/toy-train", "title": "Toy train", "code_file": "../build/train.ipynb"}
    (folder / "train/kernel-metadata.json").write_text(json.dumps(told))
    (folder / "train.py").write_text(OTHER)
    shipped.commit(folder)
    return folder


def of_kernel(folder, kernel):
    return json.loads(build_notebook(load_project(folder, kernel)).data)


def changes(folder, told, kernel=""):
    made = plans.make_plan(load_project(folder, kernel), json.dumps(told).encode(), "n.ipynb")
    return [(change.action, change.place, change.what) for change in made.changes]


@pytest.mark.parametrize("is_edited", [False, True])
@pytest.mark.parametrize(("whose", "pulled", "what"), [("train", "", TRAIN), ("", "train", FIRST)])
def test_the_notebook_of_another_kernel_is_refused(project, whose, pulled, what, is_edited):
    told = of_kernel(project, whose)
    if is_edited:
        told["cells"][-1]["source"] = "print('edited')"
    assert changes(project, told, pulled) == [("refuse", "n.ipynb", what)]
    taken = [] if not is_edited else ["write"]
    assert [action for action, _, _ in changes(project, told, whose)] == taken


def test_an_edit_of_this_kernel_is_not_refused_for_another(project):
    told = notebook(project)
    edit(told, "rows =", "rows =", "print(1)\nrows =")
    told["cells"].append({"cell_type": "code", "metadata": {}, "source": "print('trained')"})
    assert changes(project, told) == [("write", "main.py", "edited: cell 3 edited; cell 5 added")]


def test_a_notebook_that_names_this_kernels_driver_is_its_own_whatever_became_of_its_cells(project):
    told = notebook(project)
    others = {source(cell) for cell in of_kernel(project, "train")["cells"]}
    said = [cell for cell in of_kernel(project, "train")["cells"] if "driver" in cell["metadata"]["kernelwright"]]
    kept = [cell for cell in told["cells"] if source(cell) in others or source(cell).startswith("# Set-up")]
    assert [one[0] for one in changes(project, {**told, "cells": kept + said})] == ["write"]


def test_another_kernel_that_cannot_be_read_is_passed_over(project):
    (project / "train/kernel-metadata.json").write_text("{")
    told = notebook(project)
    edit(told, "rows =", "rows =", "print(1)\nrows =")
    assert changes(project, told) == [("write", "main.py", "edited: cell 3 edited")]


@pytest.mark.parametrize("is_bare", [False, True])
def test_the_notebook_of_another_project_is_refused(tmp_path, is_bare):
    project = shipped.ready(tmp_path / "project")
    other = shipped.make(tmp_path / "other", configuration='driver = "main.py"\nsources = ["zoo"]\n')
    (other / "toy").rename(other / "zoo")
    (other / "main.py").write_text("# %%\nimport zoo\n\n# %%\nzoo.feed()\n")
    told = notebook(other)
    if is_bare:
        told["cells"].remove(code_cell(told, "# Set-up"))
    assert applied(project, told) == [("refuse", "the notebook", "was not built from this project")]
    assert (project / "main.py").read_text() == shipped.DRIVER


def test_a_source_that_was_renamed_since_is_no_other_project(tmp_path):
    project = shipped.ready(tmp_path / "project")
    told = notebook(project)
    (project / "toy").rename(project / "tool")
    (project / "pyproject.toml").write_text('[tool.kernelwright]\ndriver = "main.py"\nsources = ["tool"]\n')
    assert ("refuse", "the notebook", "was not built from this project") not in applied(project, told)


def test_a_single_cell_of_a_project_without_sources_may_be_edited_whole(tmp_path):
    project = shipped.make(tmp_path, configuration='driver = "main.py"\n')
    (project / "main.py").write_text("# %%\nprint(1)\n")
    shipped.commit(project)
    told = notebook(project)
    edit(told, "print(1)", "print(1)", "print(2)")
    assert applied(project, told) == [("write", "main.py", "edited: cell 1 edited")]
