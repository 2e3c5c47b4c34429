"""A notebook of another kernel, or of another project, is no edit of this driver."""

import json

import pytest

from kernelwright.bundle.build import build_notebook
from kernelwright.project.model import load_project
from kernelwright.pull import plan as plans
from tests.packager import shipped
from tests.packager.pull.edits import applied, code_cell, edit, notebook

OTHER = "# %%\nimport toy\n\n# %%\ntoy.train()\n\n# %%\nprint('trained')\n"
WHOLE = f'{shipped.CONFIGURATION}[tool.kernelwright.kernels.train]\ndriver = "train.py"\nsources = ["toy"]\n'
WHOLE += 'metadata = "train/kernel-metadata.json"\n'
FIRST = "is the notebook of toy-kernel; pull it without --kernel"
TRAIN = "is the notebook of toy-train; pull it with --kernel train"


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


def test_another_kernel_that_cannot_be_read_is_passed_over(project):
    (project / "train/kernel-metadata.json").write_text("{")
    told = notebook(project)
    edit(told, "rows =", "rows =", "print(1)\nrows =")
    assert changes(project, told) == [("write", "main.py", "edited: cell 3 edited")]


@pytest.mark.parametrize("is_bare", [False, True])
def test_the_notebook_of_another_project_is_refused_unless_it_is_forced(project, tmp_path, is_bare):
    other = shipped.make(
        tmp_path / "other",
        configuration='driver = "main.py"\nsources = ["zoo"]\n',
        id="bob/zoo-kernel",
        title="Zoo kernel",
    )
    (other / "toy").rename(other / "zoo")
    (other / "main.py").write_text("# %%\nimport zoo\n\n# %%\nzoo.feed()\n")
    told = notebook(other)
    if is_bare:
        told["cells"].remove(code_cell(told, "# Set-up"))
        what = "does not say which kernel it was built for; --force takes it for this one's"
    else:
        what = "was built for the kernel zoo-kernel, not for toy-kernel; --force takes it for this one's all the same"
    assert applied(project, told) == [("refuse", "the notebook", what)]
    assert (project / "main.py").read_text() == shipped.DRIVER
    assert "the notebook" not in [place for _, place, _ in applied(project, told, force=True)]


def test_a_kernel_that_has_another_owner_is_the_same_one(project):
    told = notebook(project)
    metadata = project / "kernel-metadata.json"
    metadata.write_text(metadata.read_text().replace("alice/toy-kernel", "bob/toy-kernel"))
    assert applied(project, told) == []


def test_a_single_cell_of_a_project_without_sources_may_be_edited_whole(tmp_path):
    project = shipped.make(tmp_path, configuration='driver = "main.py"\n')
    (project / "main.py").write_text("# %%\nprint(1)\n")
    shipped.commit(project)
    told = notebook(project)
    edit(told, "print(1)", "print(1)", "print(2)")
    assert applied(project, told) == [("write", "main.py", "edited: cell 1 edited")]
