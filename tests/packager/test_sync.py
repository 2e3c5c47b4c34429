import json

import pytest
from typer.testing import CliRunner

from kernelwright.building import build_notebook
from kernelwright.cli import app
from kernelwright.errors import InvalidNotebook
from kernelwright.project import load_project
from kernelwright.sync import plan as plans
from tests.packager import shipped

MODULE = "toy/__init__.py"


@pytest.fixture
def project(tmp_path):
    return shipped.ready(tmp_path)


def notebook(folder):
    return json.loads(build_notebook(load_project(folder)).data)


def source(cell):
    return "".join(cell["source"])


def code_cell(told, beginning):
    return next(cell for cell in told["cells"] if cell["cell_type"] == "code" and source(cell).startswith(beginning))


def edit(told, beginning, old, new):
    cell = code_cell(told, beginning)
    assert old in source(cell)
    cell["source"] = source(cell).replace(old, new)


def plan(folder, told):
    return plans.make(load_project(folder), json.dumps(told).encode())


def applied(folder, told):
    """Carry an edited notebook into the project; returns what was decided on each file."""
    made = plan(folder, told)
    plans.carry_out(load_project(folder), made)
    return [(change.action, change.place, change.what) for change in made.changes]


def as_colab(told):
    """Lose ids and our metadata, gain others."""
    for cell in told["cells"]:
        cell.pop("id")
        cell["metadata"] = {"id": "abc", "colab": {"base_uri": "https://localhost:8080/"}}
    return told


def as_kaggle(told):
    """Sources are strings; the viewer's marks come in, ids go."""
    for cell in told["cells"]:
        cell.pop("id")
        cell["source"] = source(cell)
        cell["metadata"] |= {"trusted": True, "execution": {"iopub.status.busy": "2026-11-23T21:00:00Z"}}
        if cell["cell_type"] == "code":
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["x"]}]
    return told


def as_windows(told):
    for cell in told["cells"]:
        cell["source"] = source(cell).replace("\n", "\r\n")
    return told


def as_formatter(told):
    """Every cell loses the line feed at its end."""
    for cell in told["cells"]:
        cell["source"] = source(cell).rstrip("\n")
    return told


def as_bare(told):
    """Nothing but cells, in the format's list form; the set-up cell and the headings were tidied away."""
    kept = [c for c in told["cells"] if not source(c).startswith(("# Set-up", "**The modules", "### `"))]
    return {"cells": [{"cell_type": c["cell_type"], "source": source(c).splitlines(keepends=True)} for c in kept]}


EDITORS = [lambda told: told, as_colab, as_kaggle, as_windows, as_formatter, as_bare]


@pytest.mark.parametrize("editor", EDITORS)
def test_a_notebook_nobody_edited_changes_nothing_whoever_saved_it(project, editor):
    changes = plan(project, editor(notebook(project))).changes
    assert [change for change in changes if change.action != "note"] == []


@pytest.mark.parametrize("editor", EDITORS)
def test_an_edit_of_a_module_and_of_a_driver_cell_comes_back_whoever_saved_it(project, editor):
    told = notebook(project)
    edit(told, f"%%module {MODULE}", "len(row", "1 + len(row")
    edit(told, "rows =", "rows =", "print(1)\nrows =")
    done = [one for one in applied(project, editor(told)) if one[0] != "note"]
    assert done == [("write", MODULE, "edited"), ("write", "main.py", "edited: cell 3 edited")]
    assert (project / MODULE).read_text() == shipped.MODULE.replace("len(row", "1 + len(row")
    assert (project / "main.py").read_text() == shipped.DRIVER.replace("rows =", "print(1)\nrows =", 1)


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


def recorded(folder):
    """Keep the notebook as a push does."""
    file = folder / ".kernelwright/pushed/1.ipynb"
    file.parent.mkdir(parents=True)
    file.write_bytes(build_notebook(load_project(folder)).data)


def test_edits_on_both_sides_that_do_not_meet_are_merged(project):
    recorded(project)
    told = notebook(project)
    edit(told, f"%%module {MODULE}", "len(row", "1 + len(row")
    (project / MODULE).write_text(shipped.MODULE.replace('DATA = "toy-data"', 'DATA = "toy-data"\nMORE = 1'))
    assert applied(project, told) == [("write", MODULE, "merged")]
    text = (project / MODULE).read_text()
    assert "1 + len(row" in text
    assert "MORE = 1" in text


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


def test_a_cell_a_percent_script_cannot_hold_is_a_conflict(project):
    told = notebook(project)
    edit(told, "rows =", "rows =", "# %% not a mark\nrows =")
    what = "a cell cannot be written in a percent script as it is"
    assert applied(project, told) == [("conflict", "main.py", what)]
    assert (project / "main.py").read_text() == shipped.DRIVER


def test_a_driver_cell_that_is_no_python_is_a_conflict(project):
    told = notebook(project)
    edit(told, "rows =", "rows =", "rows = = ")
    assert applied(project, told) == [("conflict", "main.py", "9: invalid syntax; not Python as it stands")]


def test_an_edited_set_up_cell_and_a_second_cell_of_a_module_are_noted(project):
    told = notebook(project)
    edit(told, "# Set-up", "import atexit", "import atexit, this")
    told["cells"].append({"cell_type": "code", "metadata": {}, "source": f"%%module {MODULE}\nX = 1\n"})
    assert applied(project, told) == [
        ("note", "set-up cell", "edited, but it is generated: not taken"),
        ("note", MODULE, "two cells write it; the last one counts, as when it is run"),
        ("write", MODULE, "edited"),
    ]
    assert (project / MODULE).read_text() == "X = 1\n"


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"{", "e.ipynb: not JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        (b"[]", "e.ipynb: no list of cells; save it as a notebook of format 4"),
        (b'{"worksheets": []}', "e.ipynb: no list of cells; save it as a notebook of format 4"),
        (b"\xff", "e.ipynb: not JSON: 'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"),
    ],
)
def test_what_is_no_notebook_is_an_error(project, data, problem):
    with pytest.raises(InvalidNotebook) as caught:
        plans.make(load_project(project), data, "e.ipynb")
    assert str(caught.value) == problem


def pull(folder, told, *options):
    file = folder.parent / "edited.ipynb"
    file.write_text(json.dumps(told))
    return CliRunner().invoke(app, ["pull", "--project", str(folder), "--from", str(file), *options])


def test_the_command_shows_a_diff_and_writes_only_when_asked(tmp_path):
    project = shipped.ready(tmp_path / "project")
    told = notebook(project)
    edit(told, f"%%module {MODULE}", 'DATA = "toy-data"', 'DATA = "toy-data"\nMORE = 1')
    shown = pull(project, told)
    assert (shown.exit_code, shown.stdout.splitlines()) == (
        0,
        [
            f"{MODULE}: edited",
            f"--- a/{MODULE}",
            f"+++ b/{MODULE}",
            "@@ -3,6 +3,7 @@",
            " import csv",
            " ",
            ' DATA = "toy-data"',
            "+MORE = 1",
            " ",
            " ",
            " def answers(folder):",
            "1 file to change; run again with --apply to write them",
        ],
    )
    assert (project / MODULE).read_text() == shipped.MODULE
    assert pull(project, told, "--apply").stdout.splitlines()[-1] == "1 file changed"
    again = pull(project, told)
    assert (again.exit_code, again.stdout) == (
        0,
        "nothing to bring back: the notebook says what the sources say\n",
    )


def test_the_command_fails_where_something_is_left_to_the_author(tmp_path):
    project = shipped.ready(tmp_path / "project")
    told = notebook(project)
    told["cells"].append({"cell_type": "code", "metadata": {}, "source": "%%module /etc/passwd\nX = 1\n"})
    result = pull(project, told, "--json")
    assert (result.exit_code, json.loads(result.stdout)) == (
        1,
        {
            "clean": False,
            "changes": [
                {
                    "action": "refuse",
                    "place": "/etc/passwd",
                    "what": "is not a path inside the notebook's tree",
                    "diff": "",
                }
            ],
        },
    )
