"""The ancestor of a pull: found by digests in what is remembered, never guessed."""

import hashlib
import json
import re

import pytest

from kernelwright.bundle.build import build_notebook
from kernelwright.project.model import load_project
from tests.packager import shipped
from tests.packager.pull.edits import MODULE, applied, code_cell, earlier_notebook, edit, notebook, recorded, source

UNKNOWN = "changed, and its ancestor is not known"
HERE = shipped.DRIVER.replace("toy.answers(", "2 + toy.answers(")


@pytest.fixture
def alone(tmp_path):
    """A project without git, of which nothing was pushed or built."""
    return shipped.make(tmp_path / "alone")


def test_a_driver_changed_here_alone_is_not_undone_where_nothing_is_remembered(alone):
    told = notebook(alone)
    (alone / "main.py").write_text(HERE)
    assert applied(alone, told) == [("conflict", "main.py", UNKNOWN)]
    assert (alone / "main.py").read_text() == HERE
    left = (alone / "build/conflicts/main.py").read_text().split("\n")
    assert [line for line in left if "toy.answers(" in line or line[:7] in {"<" * 7, ">" * 7}] == [
        "<<<<<<< here",
        'rows = 2 + toy.answers(inputs.find("toy-competition"))',
        'rows = toy.answers(inputs.find("toy-competition"))',
        ">>>>>>> the notebook",
    ]


def test_a_driver_that_is_the_same_is_no_change_where_nothing_is_remembered(alone):
    assert applied(alone, notebook(alone)) == []


def test_an_unwritable_cell_is_named_where_nothing_is_remembered(alone):
    told = notebook(alone)
    told["cells"].append({"cell_type": "code", "metadata": {}, "source": "x = = 1"})
    called = f"cell {len(told['cells'])} of the notebook, `x = = 1`, is left there"
    what = f"{called}: line 1: invalid syntax; correct the syntax"
    assert applied(alone, told) == [("conflict", "main.py", what)]


def test_without_git_the_last_build_tells_what_was_edited(alone):
    shipped.build(alone)
    told = notebook(alone)
    edit(told, "rows =", "rows =", "print(1)\nrows =")
    edit(told, f"%%module {MODULE}", "len(row", "1 + len(row")
    assert applied(alone, told) == [("write", MODULE, "edited"), ("write", "main.py", "edited: cell 3 edited")]


def test_without_git_the_last_build_tells_what_was_changed_here(alone):
    shipped.build(alone)
    told = notebook(alone)
    (alone / "main.py").write_text(HERE)
    (alone / MODULE).write_text(shipped.MODULE.replace('DATA = "toy-data"', 'DATA = "toy-data"\nMORE = 1'))
    assert applied(alone, told) == []
    edit(told, "submission.write", "rows, ", "rows[:], ")
    edit(told, f"%%module {MODULE}", "len(row", "1 + len(row")
    assert applied(alone, told) == [("write", MODULE, "merged"), ("write", "main.py", "merged: cell 4 edited")]
    assert (alone / "main.py").read_text() == HERE.replace("rows, ", "rows[:], ")


def test_the_last_build_is_no_ancestor_of_a_notebook_of_other_modules(alone):
    told = notebook(alone)
    (alone / "main.py").write_text(HERE)
    (alone / MODULE).write_text(f"{shipped.MODULE}\nMORE = 1\n")
    shipped.build(alone)
    assert applied(alone, told) == [("conflict", "main.py", UNKNOWN)]
    assert (alone / "main.py").read_text() == HERE


def test_an_older_notebook_that_was_not_edited_changes_no_module_without_git(alone):
    told = notebook(alone)
    (alone / MODULE).write_text(f"{shipped.MODULE}\nMORE = 1\n")
    assert applied(alone, told) == []


def test_a_fresh_clone_takes_edits_and_keeps_what_was_committed_since(project, tmp_path):
    told = notebook(project)
    edit(told, "submission.write", "rows, ", "rows[:], ")
    (project / "main.py").write_text(HERE)
    shipped.commit(project)
    shipped.git(tmp_path, "clone", "--quiet", str(project), "clone")
    assert applied(tmp_path / "clone", told) == [("write", "main.py", "merged: cell 4 edited")]
    assert (tmp_path / "clone/main.py").read_text() == HERE.replace("rows, ", "rows[:], ")


def test_a_cell_edited_here_and_there_towards_the_same_is_a_conflict(project):
    told = notebook(project)
    edit(told, "rows =", "toy.answers(", "2 + toy.answers(")
    edit(told, "rows =", "competition", "other")
    edit(told, "submission.write", "rows, ", "rows[:], ")
    here = HERE.replace("submission.write(rows, ", "submission.write(rows[:], ")
    (project / "main.py").write_text(here)
    assert applied(project, told) == [("conflict", "main.py", "changed in the notebook and here: cell 3, 4 edited")]
    assert (project / "main.py").read_text() == here


def test_a_carried_driver_is_known_by_its_digest(alone):
    guarded = shipped.DRIVER.replace("# %%\nrows =", '# %%\nif __name__ == "__main__":\n    rows =')
    (alone / "main.py").write_text(guarded)
    told = notebook(alone)
    edit(told, "submission.write", "rows, ", "rows[:], ")
    assert applied(alone, told) == [("write", "main.py", "edited: cell 4 edited")]


def test_files_that_never_were_module_cells_are_not_deleted(project):
    (project / "toy/data.csv").write_text("x\n" * 20_000)
    (project / "toy/empty.py").write_text("")
    shipped.commit(project)
    told = notebook(project)
    (project / "toy/data.csv").write_text("x\n")
    (project / "toy/empty.py").write_text("X = 1\n")
    assert applied(project, told) == []


def test_a_vendored_module_of_another_version_is_no_edit(alone):
    told = earlier_notebook(alone)
    cell = code_cell(told, "%%module kernelwright/runtime/phase.py")
    set_up = code_cell(told, "# Set-up")
    text = source(cell).partition("\n")[2]
    older = f"{text}# older\n"
    cell["source"] = f"%%module kernelwright/runtime/phase.py\n{older}"
    old, new = (hashlib.sha256(one.encode()).hexdigest() for one in (text, older))
    set_up["source"] = source(set_up).replace(old, new)
    assert applied(alone, told) == []


def test_a_set_up_cell_that_a_formatter_rewrote_still_tells_the_digests(project):
    told = notebook(project)
    set_up = code_cell(told, "# Set-up")
    text = source(set_up).replace("_config = r'''", '_config = r"""').replace("'''\n\n_set_up", '"""\n\n_set_up')
    set_up["source"] = f"{text}\n!nvidia-smi\n"
    (project / MODULE).write_text(f"{shipped.MODULE}\nMORE = 1\n")
    edit(told, f"%%module {MODULE}", 'DATA = "toy-data"', 'DATA = "other"')
    recorded(project)
    assert [one for one in applied(project, told) if one[0] != "note"] == [("write", MODULE, "merged")]


def test_what_was_committed_after_the_notebook_was_built_is_not_undone(project):
    told = notebook(project)
    edit(told, "rows =", "rows =", "print(1)\nrows =")
    edit(told, "submission.write", "rows, ", "rows[:], ")
    assert applied(project, told) == [("write", "main.py", "edited: cell 3, 4 edited")]
    (project / MODULE).write_text(f"{shipped.MODULE}\nMORE = 1\n")
    driver = project / "main.py"
    driver.write_text(driver.read_text().replace("# # Toy", "# # Toy\n#\n# Of mine."))
    shipped.commit(project)
    edit(told, "import toy", "import toy", "import json\nimport toy")
    assert applied(project, told) == [("write", "main.py", "merged: cell 2, 3, 4 edited")]
    assert driver.read_text() == (
        shipped.DRIVER.replace("# # Toy", "# # Toy\n#\n# Of mine.")
        .replace("import toy", "import json\nimport toy")
        .replace("rows =", "print(1)\nrows =")
        .replace("rows, ", "rows[:], ")
    )


def test_a_single_module_in_a_folder_is_found_in_git(tmp_path):
    project = shipped.make(tmp_path, configuration='driver = "main.py"\nsources = ["toy", "lib/tool.py"]\n')
    tool = project / "lib/tool.py"
    tool.parent.mkdir()
    tool.write_text("X = 1\n\n\nY = 1\n")
    shipped.commit(project)
    told = notebook(project)
    edit(told, "%%module tool.py", "X = 1", "X = 2")
    tool.write_text("X = 1\n\n\nY = 2\n")
    assert applied(project, told) == [("write", "lib/tool.py", "merged")]
    assert tool.read_text() == "X = 2\n\n\nY = 2\n"


def test_the_push_of_another_kernel_is_no_ancestor(tmp_path):
    further = 'driver = "other.py"\nsources = ["toy"]\nmetadata = "other/kernel-metadata.json"\n'
    further = f"{shipped.CONFIGURATION}[tool.kernelwright.kernels.other]\n{further}"
    project = shipped.make(tmp_path, configuration=further)
    (project / "other").mkdir()
    told = {
        **shipped.METADATA,
        "id": "alice/other-kernel",
        "title": "Other kernel",
        "code_file": "../build/other.ipynb",
    }
    (project / "other/kernel-metadata.json").write_text(json.dumps(told))
    (project / "other.py").write_text("# %%\nimport toy\n")
    shipped.commit(project)
    pushed = project / ".kernelwright/pushed/1.ipynb"
    pushed.parent.mkdir(parents=True)
    pushed.write_bytes(build_notebook(load_project(project, "other")).data)
    edited = notebook(project)
    edit(edited, "submission.write", "rows, ", "rows[:], ")
    assert applied(project, edited) == [("write", "main.py", "edited: cell 4 edited")]


def test_a_driver_that_was_changed_and_built_is_not_undone_without_git(alone):
    shipped.build(alone)
    told = notebook(alone)
    edit(told, "submission.write", "rows, ", "rows[:], ")
    (alone / "main.py").write_text(HERE)
    shipped.build(alone)
    assert applied(alone, told) == [("conflict", "main.py", UNKNOWN)]
    assert (alone / "main.py").read_text() == HERE


def test_a_line_that_was_committed_since_is_not_written_over(project):
    told = notebook(project)
    edit(told, "rows =", "toy.answers(", "3 + toy.answers(")
    (project / "main.py").write_text(HERE)
    shipped.build(project)
    shipped.commit(project)
    assert applied(project, told) == [("conflict", "main.py", "changed in the notebook and here: cell 3 edited")]
    assert (project / "main.py").read_text() == HERE


@pytest.mark.parametrize("is_committed", [True, False])
def test_a_driver_of_a_notebook_that_does_not_name_it_is_what_is_committed(project, is_committed):
    told = notebook(project)
    cell = code_cell(told, "# Set-up")
    cell["source"], count = re.subn(r',\n  "sha256": "\w+"\n}', "\n}", source(cell))
    assert count == 1
    edit(told, "submission.write", "rows, ", "rows[:], ")
    if not is_committed:
        (project / "main.py").write_text(HERE)
    done = ("write", "main.py", "edited: cell 4 edited") if is_committed else ("conflict", "main.py", UNKNOWN)
    assert [one for one in applied(project, told) if one[0] != "note"] == [done]


def test_a_module_that_was_deleted_there_and_whose_ancestor_is_not_known_is_a_conflict(alone):
    (alone / "toy/more.py").write_text("X = 1\n")
    told = notebook(alone)
    told["cells"].remove(code_cell(told, "%%module toy/more.py"))
    (alone / "toy/more.py").write_text("X = 2\n")
    assert applied(alone, told) == [("conflict", "toy/more.py", "deleted in the notebook, changed here")]
    assert (alone / "toy/more.py").read_text() == "X = 2\n"
