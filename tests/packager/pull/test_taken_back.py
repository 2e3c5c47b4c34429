"""What was done to the driver here is not taken back by an older notebook."""

import json

import pytest

from tests.packager import shipped
from tests.packager.cli.test_pull import pull
from tests.packager.pull.edits import applied, edit, notebook
from tests.packager.ship.ships import CARRIED

MINE = shipped.DRIVER.replace("import toy", "import os\nimport toy", 1)
NOTHING = "nothing to bring back: the notebook says what the sources say\n"
ATTACHED = {"dataset_sources": ["alice/toy-data", "alice/toy-sources"]}
MERGED = f"{MINE}\n# %%\nprint(1)\n"


def added(told):
    told["cells"].append({"cell_type": "code", "metadata": {}, "source": "print(1)"})
    return told


@pytest.mark.parametrize("more", [{}, {"configuration": CARRIED, **ATTACHED}])
@pytest.mark.parametrize("is_committed", [False, True])
def test_a_second_pull_of_a_notebook_takes_nothing_back(tmp_path, more, is_committed):
    project = shipped.ready(tmp_path / "project", **more)
    told = added(notebook(project))
    (project / "main.py").write_text(MINE)
    assert pull(project, told, "--apply").stdout.splitlines()[0] == "main.py: merged: cell 5 added"
    shipped.build(project)
    if is_committed:
        shipped.commit(project)
    again = pull(project, told, "--apply")
    assert (again.exit_code, again.stdout) == (0, NOTHING)
    assert applied(project, told) == []
    assert (project / "main.py").read_text() == MERGED


def test_a_notebook_of_a_driver_that_is_remembered_nowhere_takes_nothing_back(tmp_path):
    project = shipped.make(tmp_path / "project")
    told = added(notebook(project))
    (project / "main.py").write_text(MERGED)
    shipped.build(project)
    assert applied(project, told) == [("conflict", "main.py", "changed, and its ancestor is not known")]
    assert (project / "main.py").read_text() == MERGED


@pytest.mark.parametrize("committed", [None, shipped.DRIVER, MINE])
def test_a_notebook_that_was_built_and_edited_is_taken(tmp_path, committed):
    project = shipped.make(tmp_path / "project")
    if committed:
        shipped.commit(project)
    (project / "main.py").write_text(MINE)
    if committed == MINE:
        shipped.commit(project)
    shipped.build(project)
    told = added(notebook(project))
    edit(told, "submission.write", "rows, ", "rows[:], ")
    result = pull(project, told, "--apply")
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (0, "1 file changed")
    assert (project / "main.py").read_text() == MERGED.replace("rows, ", "rows[:], ")


def test_a_line_that_was_committed_last_is_edited_in_the_notebook(tmp_path):
    project = shipped.ready(tmp_path / "project")
    mine = shipped.DRIVER.replace("toy.answers(", "2 + toy.answers(")
    (project / "main.py").write_text(mine)
    shipped.build(project)
    shipped.commit(project)
    told = notebook(project)
    edit(told, "rows =", "2 +", "3 +")
    assert pull(project, told, "--apply").stdout.splitlines()[0] == "main.py: edited: cell 3 edited"
    assert (project / "main.py").read_text() == mine.replace("2 +", "3 +")


def test_a_line_that_is_committed_nowhere_is_not_written_over(tmp_path):
    project = shipped.ready(tmp_path / "project")
    told = notebook(project)
    edit(told, "rows =", "toy.answers(", "3 + toy.answers(")
    mine = shipped.DRIVER.replace("toy.answers(", "2 + toy.answers(")
    (project / "main.py").write_text(mine)
    shipped.build(project)
    assert pull(project, told, "--apply").exit_code == 1
    assert (project / "main.py").read_text() == mine


def test_the_last_build_edited_where_it_lies_is_not_its_own_ancestor(tmp_path):
    project = shipped.ready(tmp_path / "project")
    told = added(notebook(project))
    (project / "build/toy.ipynb").write_text(json.dumps(told))
    assert pull(project, told, "--apply").stdout.splitlines()[0] == "main.py: edited: cell 5 added"


def test_what_was_committed_since_is_not_taken_back_once_more_was_done_here(tmp_path):
    project = shipped.ready(tmp_path / "project")
    told = added(notebook(project))
    driver = project / "main.py"
    driver.write_text(MINE)
    applied(project, told)
    shipped.commit(project)
    mine = driver.read_text().replace("# # Toy", "# # A toy")
    driver.write_text(mine)
    assert applied(project, told) == []
    assert driver.read_text() == mine
