"""A notebook whose sources ride in a dataset: it has no module cells, and edits come as added ones."""

import pytest

from tests.packager import shipped
from tests.packager.pull.edits import MODULE, applied, notebook, recorded, source
from tests.packager.ship.ships import CARRIED

ATTACHED = {"dataset_sources": ["alice/toy-data", "alice/toy-sources"]}
EDITED = shipped.MODULE.replace("len(row", "1 + len(row")
GROWN = 'DATA = "toy-data"\nMORE = 1'


@pytest.fixture
def project(tmp_path):
    return shipped.ready(tmp_path, configuration=CARRIED, **ATTACHED)


def with_module(told, text, path=MODULE):
    told["cells"].insert(3, {"cell_type": "code", "metadata": {}, "source": f"%%module {path}\n{text}"})
    return told


def grow(project):
    (project / MODULE).write_text(shipped.MODULE.replace('DATA = "toy-data"', GROWN))


def test_a_notebook_without_module_cells_deletes_none(project):
    assert applied(project, notebook(project)) == []
    told = notebook(project)
    told["cells"][-1]["source"] = "submission.write(rows)"
    assert applied(project, told) == [("write", "main.py", "edited: cell 4 edited")]
    assert (project / MODULE).read_text() == shipped.MODULE


def test_a_cell_added_for_a_module_that_nobody_else_edited_is_an_edit(project):
    assert applied(project, with_module(notebook(project), EDITED)) == [("write", MODULE, "edited")]
    assert (project / MODULE).read_text() == EDITED


def test_a_cell_added_for_a_module_as_it_was_built_changes_nothing(project):
    told = with_module(notebook(project), shipped.MODULE.rstrip("\n"))
    grow(project)
    assert applied(project, told) == []


@pytest.mark.parametrize("remembered", ["git", "a push", "the last build"])
def test_a_cell_added_for_a_module_that_was_changed_here_is_merged(tmp_path, remembered):
    project = shipped.make(tmp_path / "toy", configuration=CARRIED, **ATTACHED)
    {"git": shipped.commit, "a push": recorded, "the last build": shipped.build}[remembered](project)
    told = with_module(notebook(project), EDITED)
    grow(project)
    merged = [("write", MODULE, "merged")]
    unknown = [("conflict", MODULE, "changed, and its ancestor is not known")]
    # The notebook that a push recorded holds no sources.
    assert applied(project, told) == (unknown if remembered == "a push" else merged)
    if remembered != "a push":
        assert (project / MODULE).read_text() == EDITED.replace('DATA = "toy-data"', GROWN)


def test_an_older_notebook_is_merged_with_what_git_remembers(project):
    told = with_module(notebook(project), EDITED)
    grow(project)
    shipped.build(project)
    shipped.commit(project)
    assert applied(project, told) == [("write", MODULE, "merged")]


def test_a_new_module_lands_in_its_source(project):
    assert applied(project, with_module(notebook(project), "X = 1\n", "toy/new.py")) == [
        ("write", "toy/new.py", "added")
    ]


def test_modules_are_not_deleted_by_a_notebook_of_the_other_carrier(project):
    (project / "toy/more.py").write_text("X = 1\n")
    carried = notebook(project)
    (project / "pyproject.toml").write_text(f"[tool.kernelwright]\n{shipped.CONFIGURATION}")
    assert [one for one in applied(project, carried) if one[0] != "note"] == []
    told = notebook(project)
    told["cells"] = [cell for cell in told["cells"] if not source(cell).startswith("%%module toy/more.py")]
    (project / "pyproject.toml").write_text(f"[tool.kernelwright]\n{CARRIED}")
    assert [one for one in applied(project, told) if one[0] != "note"] == [("delete", "toy/more.py", "deleted")]
