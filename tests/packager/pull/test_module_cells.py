"""Cells that were a module's and write it no longer: never a deletion, never the driver's."""

import pytest

from tests.packager import shipped
from tests.packager.pull.edits import MODULE, applied, code_cell, edit, notebook, source
from tests.packager.pull.test_edited_notebook import as_colab

LINE = f"%%module {MODULE}"
NO_CELL = f"is no module cell as it is; make it a code cell whose first line is `{LINE}`, or delete it"


def place(told, beginning=LINE):
    """Return a cell and its number in the notebook."""
    cell = code_cell(told, beginning)
    return cell, told["cells"].index(cell) + 1


def kept(folder):
    return (folder / MODULE).read_text() == shipped.MODULE and (folder / "main.py").read_text() == shipped.DRIVER


@pytest.mark.parametrize("editor", [lambda told: told, as_colab])
@pytest.mark.parametrize("kind", ["markdown", "raw"])
def test_a_module_cell_of_another_kind_is_refused_and_its_file_stays(project, kind, editor):
    told = notebook(project)
    cell, number = place(told)
    cell["cell_type"] = kind
    what = f"cell {number} of the notebook, `{LINE}`, {NO_CELL}"
    assert applied(project, editor(told)) == [("refuse", MODULE, what)]
    assert kept(project)


@pytest.mark.parametrize("editor", [lambda told: told, as_colab])
@pytest.mark.parametrize("above", ["# my note", "#!x\n\n# y", "  ", "# my note\n  "])
def test_a_module_cell_below_a_comment_is_refused_and_its_file_stays(project, above, editor):
    told = notebook(project)
    cell, number = place(told)
    cell["source"] = f"{above}\n{source(cell)}"
    first = above.split("\n")[0] if above.strip() else LINE
    what = f"cell {number} of the notebook, `{first}`, {NO_CELL}"
    assert applied(project, editor(told)) == [("refuse", MODULE, what)]
    assert kept(project)


def test_a_module_cell_below_code_is_refused_and_its_file_stays(project):
    told = notebook(project)
    cell, number = place(told)
    cell["source"] = f"import os\n{source(cell)}"
    what = f"cell {number} of the notebook, `import os`, {NO_CELL}"
    assert applied(project, told) == [("refuse", MODULE, what)]
    assert kept(project)


def test_a_module_cell_that_was_commented_out_is_refused_and_its_file_stays(project):
    told = notebook(project)
    cell, number = place(told)
    cell["source"] = f"# {source(cell)}"
    what = f"cell {number} of the notebook, `# {LINE}`, {NO_CELL}"
    assert applied(project, as_colab(told)) == [("refuse", MODULE, what)]
    assert kept(project)


def test_a_module_cell_whose_first_line_is_gone_is_refused_and_its_file_stays(project):
    told = notebook(project)
    cell, number = place(told)
    cell["source"] = shipped.MODULE
    what = f'cell {number} of the notebook, `"""Answers each id with its length."""`, {NO_CELL}'
    assert applied(project, told) == [("refuse", MODULE, what)]
    assert kept(project)


def test_two_module_cells_that_were_joined_are_refused_and_their_files_stay(project):
    (project / "toy/more.py").write_text("import toy\n")
    told = notebook(project)
    (first, number), (second, _) = place(told), place(told, "%%module toy/more.py")
    first["source"] = source(first) + "\n" + source(second)
    told["cells"].remove(second)
    what = f"cell {number} of the notebook, `{LINE}`, holds the line `%%module toy/more.py` too; split it there"
    assert applied(project, told) == [("refuse", MODULE, what), ("refuse", "toy/more.py", what)]
    assert kept(project)
    assert (project / "toy/more.py").read_text() == "import toy\n"


@pytest.mark.parametrize("editor", [lambda told: told, as_colab])
def test_a_driver_cell_that_was_joined_with_a_module_stays_as_it_is_here(project, editor):
    told = notebook(project)
    cell, _ = place(told)
    rows, _ = place(told, "rows =")
    rows["source"] = source(rows) + "\n" + source(cell)
    told["cells"].remove(cell)
    number = told["cells"].index(rows) + 1
    named = 'rows = toy.answers(inputs.find("toy-competition"))'
    called = f"cell {number} of the notebook, `{named}`,"
    split = "is left there: it holds a `%%module` line below others, where it does not work; split it there"
    assert applied(project, editor(told)) == [
        ("refuse", MODULE, f"{called} {NO_CELL}"),
        ("conflict", "main.py", f"{called} {split}"),
    ]
    assert kept(project)


def test_a_module_added_below_a_comment_is_refused_and_not_taken_into_the_driver(project):
    told = notebook(project)
    told["cells"].append({"cell_type": "code", "metadata": {}, "source": "# mine\n%%module toy/new.py\nX = 1\n"})
    what = f"cell {len(told['cells'])} of the notebook, `# mine`, {NO_CELL.replace(MODULE, 'toy/new.py')}"
    assert applied(project, told) == [("refuse", "toy/new.py", what)]
    assert kept(project)


def test_a_module_cell_that_was_deleted_with_its_heading_or_without_is_deleted_here(project):
    for name in ("one", "two"):
        (project / f"toy/{name}.py").write_text("X = 1\n")
    told = notebook(project)
    for name in ("one", "two"):
        told["cells"].remove(code_cell(told, f"%%module toy/{name}.py"))
    told["cells"] = [cell for cell in told["cells"] if not source(cell).startswith("### `toy/one.py`")]
    done = [("delete", f"toy/{name}.py", "deleted") for name in ("one", "two")]
    assert applied(project, as_colab(told)) == done


def test_what_only_speaks_of_a_module_is_the_drivers(project):
    text = "x = '''\n%%module toy/new.py\n'''\n"
    note = f"### `{MODULE}`\n\nA note of the author's.\n\n    {LINE}\n"
    told = notebook(project)
    told["cells"] += [
        {"cell_type": "code", "metadata": {}, "source": text},
        {"cell_type": "markdown", "metadata": {}, "source": note},
        {"cell_type": "code", "metadata": {}, "source": "# Set-up: of my own\nx = 1"},
    ]
    assert applied(project, told) == [("write", "main.py", "edited: cell 5, 6, 7 added")]
    assert applied(project, notebook(project)) == []
    assert applied(project, as_colab(notebook(project))) == []


def test_a_module_that_was_to_be_turned_back_is_taken_then(project):
    told = notebook(project)
    cell, _ = place(told)
    edit(told, LINE, "len(row", "1 + len(row")
    cell["cell_type"] = "markdown"
    assert [one[0] for one in applied(project, told)] == ["refuse"]
    cell["cell_type"] = "code"
    assert applied(project, told) == [("write", MODULE, "edited")]


def test_no_module_is_deleted_where_the_only_module_cell_left_is_no_code(project):
    (project / "toy/more.py").write_text("X = 1\n")
    told = notebook(project)
    cell, _ = place(told)
    told["cells"] = [one for one in told["cells"] if one is cell or not source(one).startswith("%%module")]
    cell["cell_type"] = "markdown"
    number = told["cells"].index(cell) + 1
    assert applied(project, told) == [
        (
            "refuse",
            MODULE,
            f"cell {number} of the notebook, `{LINE}`, {NO_CELL}",
        ),
        ("refuse", "modules", "no %%module cell is left; deleting them all is not taken from a notebook"),
    ]
    assert (project / "toy/more.py").exists()
