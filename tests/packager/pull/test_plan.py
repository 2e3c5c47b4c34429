import pytest

from kernelwright.support import atomic_files
from tests.packager import shipped
from tests.packager.pull.edits import MODULE, applied, code_cell, earlier_notebook, edit, notebook, recorded, source


def test_an_edit_keeps_the_line_ends_of_the_lines_it_leaves_alone(project):
    mixed = shipped.MODULE.replace("\n", "\r\n").replace("DATA =", "\nDATA =").encode()
    (project / MODULE).write_bytes(mixed)
    told = notebook(project)
    edit(told, f"%%module {MODULE}", "len(row", "1 + len(row")
    applied(project, told)
    assert (project / MODULE).read_bytes() == mixed.replace(b"len(row", b"1 + len(row")


def test_an_edit_keeps_the_drivers_byte_order_mark_line_ends_and_layout(project):
    odd = "\ufeff# ---\n# jupyter:\n#   x: 1\n# ---\n\n# %% [markdown]\n'''\nToy\n'''\n"
    odd += "#%% first\nimport toy\n# %%\na = 1\n\n\n\n"
    (project / "main.py").write_bytes(odd.replace("\n", "\r\n").encode())
    told = notebook(project)
    edit(told, "import toy", "toy", "toy, json")
    assert applied(project, told) == [("write", "main.py", "edited: cell 2 edited")]
    after = odd.replace("toy\n# %%", "toy, json\n# %%").replace("\n", "\r\n")
    assert (project / "main.py").read_bytes() == after.encode()


def test_the_mode_of_a_file_survives(project):
    (project / MODULE).chmod(0o755)
    told = notebook(project)
    edit(told, f"%%module {MODULE}", "len", "max")
    applied(project, told)
    assert (project / MODULE).stat().st_mode & 0o777 == 0o755


def test_cells_added_moved_and_deleted_are_told_and_written(project):
    told = notebook(project)
    cells = told["cells"]
    last, rows = cells.pop(), next(cell for cell in cells if source(cell).startswith("rows ="))
    cells.remove(rows)
    imports = code_cell(told, "import toy")
    cells.remove(imports)
    added = {"cell_type": "markdown", "metadata": {"tags": ["end"]}, "source": ["# End\n", "\n", "of it"]}
    cells += [last, imports, added]
    assert applied(project, told) == [
        ("write", "main.py", "edited: cell 4 added; cell 2 moved; cell 3 deleted"),
    ]
    text = (project / "main.py").read_text()
    assert text.endswith('# %% [markdown] tags=["end"]\n# # End\n#\n# of it\n')
    assert text.index("submission.write") < text.index("import toy")
    assert "rows = toy" not in text


def test_a_module_added_on_kaggle_lands_in_its_source(project):
    told = notebook(project)
    told["cells"].insert(5, {"cell_type": "code", "metadata": {}, "source": "%%module toy/deep/more.py\nX = 1\n"})
    assert applied(project, told) == [("write", "toy/deep/more.py", "added")]
    assert (project / "toy/deep/more.py").read_text() == "X = 1\n"


def test_a_module_deleted_on_kaggle_is_deleted_here(project):
    (project / "toy/more.py").write_text("X = 1\n")
    told = notebook(project)
    told["cells"].remove(code_cell(told, "%%module toy/more.py"))
    assert applied(project, told) == [("delete", "toy/more.py", "deleted")]
    assert not (project / "toy/more.py").exists()


def test_a_notebook_without_any_module_cell_deletes_none(project):
    told = notebook(project)
    told["cells"] = [cell for cell in told["cells"] if not source(cell).startswith("%%module")]
    what = "no %%module cell is left; deleting them all is not taken from a notebook"
    assert applied(project, told) == [("refuse", "modules", what)]
    assert (project / MODULE).exists()


def test_edits_on_both_sides_that_do_not_meet_are_merged(project):
    recorded(project)
    told = notebook(project)
    edit(told, f"%%module {MODULE}", "len(row", "1 + len(row")
    (project / MODULE).write_text(shipped.MODULE.replace('DATA = "toy-data"', 'DATA = "toy-data"\nMORE = 1'))
    assert applied(project, told) == [("write", MODULE, "merged")]
    text = (project / MODULE).read_text()
    assert "1 + len(row" in text
    assert "MORE = 1" in text


@pytest.mark.smoke
def test_edits_of_different_driver_cells_on_both_sides_are_merged(project):
    recorded(project)
    told = notebook(project)
    edit(told, "rows =", "rows =", "print(1)\nrows =")
    (project / "main.py").write_text(shipped.DRIVER.replace("# # Toy", "# # A toy"))
    assert applied(project, told) == [("write", "main.py", "merged: cell 3 edited")]
    assert (project / "main.py").read_text() == shipped.DRIVER.replace("# # Toy", "# # A toy").replace(
        "rows =", "print(1)\nrows =", 1
    )


@pytest.mark.parametrize("remembered", [True, False])
def test_edits_of_the_same_line_are_left_as_a_conflict_and_nothing_is_overwritten(project, remembered):
    if remembered:
        recorded(project)
    told = notebook(project)
    edit(told, f"%%module {MODULE}", "len(row", "1 + len(row")
    mine = shipped.MODULE.replace("len(row", "2 + len(row")
    (project / MODULE).write_text(mine)
    assert applied(project, told) == [("conflict", MODULE, "changed in the notebook and here")]
    assert (project / MODULE).read_text() == mine
    left = (project / "build/conflicts" / MODULE).read_text()
    marked = [line for line in left.splitlines() if line.startswith(("<<<<<<<", "=======", ">>>>>>>"))]
    assert marked == ["<<<<<<< here", "=======", ">>>>>>> the notebook"]


def test_the_same_driver_cell_changed_on_both_sides_is_a_conflict(project):
    told = notebook(project)
    edit(told, "rows =", "toy.answers", "1 + toy.answers")
    mine = shipped.DRIVER.replace("toy.answers(", "2 + toy.answers(")
    (project / "main.py").write_text(mine)
    assert applied(project, told) == [("conflict", "main.py", "changed in the notebook and here: cell 3 edited")]
    assert (project / "main.py").read_text() == mine


def test_without_git_or_record_a_module_changed_on_both_sides_is_a_conflict(tmp_path):
    project = shipped.make(tmp_path)
    told = notebook(project)
    edit(told, f"%%module {MODULE}", "len(row", "1 + len(row")
    (project / MODULE).write_text(shipped.MODULE + "\nMORE = 1\n")
    assert applied(project, told) == [("conflict", MODULE, "changed, and its ancestor is not known")]


def test_what_changed_here_alone_stays(project):
    told = notebook(project)
    (project / MODULE).write_text(shipped.MODULE + "\nMORE = 1\n")
    (project / "main.py").write_text(shipped.DRIVER.replace("# # Toy", "# # A toy"))
    (project / "toy/more.py").write_text("X = 1\n")
    assert applied(project, told) == []


def test_the_same_edit_on_both_sides_is_no_change(project):
    told = notebook(project)
    edit(told, f"%%module {MODULE}", "len(row", "1 + len(row")
    (project / MODULE).write_text(shipped.MODULE.replace("len(row", "1 + len(row"))
    assert applied(project, told) == []


def test_deleted_there_and_changed_here_is_a_conflict_and_stays(project):
    (project / "toy/more.py").write_text("X = 1\n")
    shipped.commit(project)
    told = notebook(project)
    told["cells"].remove(code_cell(told, "%%module toy/more.py"))
    (project / "toy/more.py").write_text("X = 2\n")
    assert applied(project, told) == [("conflict", "toy/more.py", "deleted in the notebook, changed here")]
    assert (project / "toy/more.py").read_text() == "X = 2\n"


def test_edited_there_and_deleted_here_is_a_conflict(project):
    (project / "toy/more.py").write_text("X = 1\n")
    shipped.commit(project)
    told = notebook(project)
    edit(told, "%%module toy/more.py", "1", "2")
    (project / "toy/more.py").unlink()
    assert applied(project, told) == [("conflict", "toy/more.py", "edited in the notebook, deleted here")]
    assert (project / "build/conflicts/toy/more.py").read_text() == "X = 2\n"


def test_an_edited_set_up_cell_and_a_second_cell_of_a_module_are_noted(project):
    told = notebook(project)
    edit(told, "# Set-up", "import atexit", "import atexit, this")
    told["cells"].append({"cell_type": "code", "metadata": {}, "source": f"%%module {MODULE}\nX = 1\n"})
    assert applied(project, told) == [
        ("note", "bootstrap cell", "edited, but it is generated: not taken"),
        ("note", MODULE, "two cells write it; the last one counts, as when it is run"),
        ("write", MODULE, "edited"),
    ]
    assert (project / MODULE).read_text() == "X = 1\n"


def test_an_earlier_notebook_with_cells_of_the_runtime_is_pulled_as_before(project):
    told = earlier_notebook(project)
    assert applied(project, told) == []
    edit(told, f"%%module {MODULE}", "len(row", "1 + len(row")
    edit(told, "%%module kernelwright/runtime/budget.py", "import", "import os, ")
    assert applied(project, told) == [
        ("refuse", "kernelwright/runtime/budget.py", "is carried from the environment; edit it there"),
        ("write", MODULE, "edited"),
    ]


def test_an_edit_of_the_packed_runtime_is_noted_and_not_taken(project):
    told = notebook(project)
    edit(told, "# Set-up", "def deadline(", "def deadline_of(")
    assert applied(project, told) == [("note", "bootstrap cell", "edited, but it is generated: not taken")]


def test_a_driver_changed_here_after_a_push_keeps_its_change(project):
    recorded(project)
    told = notebook(project)
    edit(told, "rows =", "rows =", "print(1)\nrows =")
    applied(project, told)
    driver = project / "main.py"
    driver.write_text(driver.read_text().replace('header=["id", "answer"]', 'header=("id", "answer")'))
    assert applied(project, told) == []
    assert 'header=("id", "answer")' in driver.read_text()


def without_set_up(told):
    told["cells"] = [cell for cell in told["cells"] if not "".join(cell["source"]).startswith("# Set-up")]
    return told


def test_a_notebook_that_does_not_say_what_it_was_built_from_overwrites_and_deletes_no_work(project):
    told = without_set_up(notebook(project))
    (project / MODULE).write_text(shipped.MODULE + "MORE = 1\n")
    (project / "toy/new.py").write_text("X = 1\n")
    done = [one for one in applied(project, told, force=True) if one[0] != "note"]
    assert done == [("conflict", MODULE, "changed, and its ancestor is not known")]
    assert (project / MODULE).read_text() == shipped.MODULE + "MORE = 1\n"
    assert (project / "toy/new.py").exists()


@pytest.mark.parametrize("cells", [[], [{"cell_type": "code", "metadata": {}, "source": "print(1)"}]])
def test_a_notebook_of_something_else_is_refused_whole(project, cells):
    what = "does not say which kernel it was built for; --force takes it for this one's"
    assert applied(project, {"cells": cells}) == [("refuse", "the notebook", what)]


def test_edited_headings_are_noted_and_not_taken(project):
    told = notebook(project)
    for beginning in ("**The modules", f"### `{MODULE}`"):
        cell = next(cell for cell in told["cells"] if source(cell).startswith(beginning))
        cell["source"] = f"{source(cell)}\n\nMy own words."
    what = "edited, but it is generated: not taken"
    assert applied(project, told) == [
        ("note", "**The modules of this notebook**", what),
        ("note", f"### `{MODULE}`", what),
    ]


@pytest.mark.parametrize("driver", ["", "\n\n", "# %%\n"])
def test_cells_are_added_to_a_driver_without_any(project, driver):
    (project / "main.py").write_text(driver)
    shipped.commit(project)
    told = notebook(project)
    assert applied(project, told) == []
    told["cells"].append({"cell_type": "code", "metadata": {}, "source": "x = 1"})
    [(action, place, _)] = applied(project, told)
    assert (action, place) == ("write", "main.py")
    assert (project / "main.py").read_text().endswith("# %%\nx = 1\n")
    assert applied(project, notebook(project)) == []


@pytest.mark.parametrize("text", [None, "", [], " \n", " ", ["\t\n", "\n", " "]])
def test_an_empty_cell_comes_back_as_one(project, text):
    told = notebook(project)
    told["cells"].append({"cell_type": "code", "metadata": {}, "source": text})
    assert applied(project, told) == [("write", "main.py", "edited: cell 5 added")]
    assert (project / "main.py").read_text() == f"{shipped.DRIVER}\n# %%\n"
    assert applied(project, notebook(project)) == []


def test_what_a_killed_pull_left_is_carried_by_no_build_and_swept_by_the_next_pull(project):
    left = project / f"toy/.99999999.abc{atomic_files.PARTIAL}"
    left.write_bytes(b"half")
    told = notebook(project)
    assert not any(source(cell).startswith("%%module toy/.") for cell in told["cells"])
    edit(told, f"%%module {MODULE}", "len", "max")
    assert applied(project, told) == [("write", MODULE, "edited")]
    assert not left.exists()
