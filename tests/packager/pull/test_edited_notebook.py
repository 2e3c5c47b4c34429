"""A notebook as each editor saves it."""

import pytest

from kernelwright.errors import InvalidNotebook
from kernelwright.project.model import load_project
from kernelwright.pull import edited_notebook
from kernelwright.pull import plan as plans
from tests.packager import shipped
from tests.packager.pull.edits import MODULE, applied, code_cell, edit, notebook, plan, source


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
    """Nothing but cells, in the format's list form; the bootstrap cell and the headings were tidied away."""
    kept = [c for c in told["cells"] if not source(c).startswith(("# Set-up", "**The modules", "### `"))]
    return {"cells": [{"cell_type": c["cell_type"], "source": source(c).splitlines(keepends=True)} for c in kept]}


EDITORS = [lambda told: told, as_colab, as_kaggle, as_windows, as_formatter, as_bare]


@pytest.mark.parametrize("editor", EDITORS)
def test_a_notebook_nobody_edited_changes_nothing_whoever_saved_it(project, editor):
    changes = plan(project, editor(notebook(project)), force=editor is as_bare).changes
    assert [change for change in changes if change.action != "note"] == []


@pytest.mark.parametrize("editor", EDITORS)
def test_an_edit_of_a_module_and_of_a_driver_cell_comes_back_whoever_saved_it(project, editor):
    told = notebook(project)
    edit(told, f"%%module {MODULE}", "len(row", "1 + len(row")
    edit(told, "rows =", "rows =", "print(1)\nrows =")
    done = [one for one in applied(project, editor(told), force=editor is as_bare) if one[0] != "note"]
    assert done == [("write", MODULE, "edited"), ("write", "main.py", "edited: cell 3 edited")]
    assert (project / MODULE).read_text() == shipped.MODULE.replace("len(row", "1 + len(row")
    assert (project / "main.py").read_text() == shipped.DRIVER.replace("rows =", "print(1)\nrows =", 1)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"{", "e.ipynb: not JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        (b"[]", "e.ipynb: no list of cells; save it as a notebook of format 4"),
        (b'{"worksheets": []}', "e.ipynb: no list of cells; save it as a notebook of format 4"),
        *(
            (
                f'{{"cells": [{{"cell_type": "code"}}, {{"cell_type": {kind}}}]}}'.encode(),
                "e.ipynb: cell 2: its cell_type is no text; make it code, markdown or raw",
            )
            for kind in ('["code"]', '{"code": 1}', "null", "1")
        ),
        (b"\xff", "e.ipynb: not JSON: 'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"),
    ],
)
def test_what_is_no_notebook_is_an_error(project, data, problem):
    with pytest.raises(InvalidNotebook) as caught:
        plans.make_plan(load_project(project), data, "e.ipynb")
    assert str(caught.value) == problem


def test_a_file_of_windows_whose_last_line_feed_was_taken_keeps_its_line_ends(project):
    file = project / MODULE
    file.write_bytes(shipped.MODULE.replace("\n", "\r\n").encode())
    before = file.read_bytes()
    told = as_formatter(notebook(project))
    edit(told, f"%%module {MODULE}", "len(row", "1 + len(row")
    applied(project, told)
    assert file.read_bytes() == before.replace(b"len(row", b"1 + len(row")


def test_tags_of_a_driver_whose_metadata_was_lost_stay(project):
    driver = project / "main.py"
    driver.write_text(driver.read_text().replace("# %%\nrows", '# %% tags=["slow"]\nrows'))
    shipped.commit(project)
    assert [one for one in applied(project, as_colab(notebook(project))) if one[0] != "note"] == []
    told = as_colab(notebook(project))
    edit(told, "rows =", "rows =", "print(1)\nrows =")
    applied(project, told)
    assert '# %% tags=["slow"]\nprint(1)\nrows =' in driver.read_text()


def test_a_hard_line_break_of_markdown_comes_back(project):
    told = notebook(project)
    told["cells"].append({"cell_type": "markdown", "metadata": {}, "source": "one  \n\ntwo"})
    assert applied(project, told) == [("write", "main.py", "edited: cell 5 added")]
    assert (project / "main.py").read_text().endswith("# %% [markdown]\n# one  \n#\n# two\n")


@pytest.mark.parametrize("data", [b'{"cells": [{"cell_type": "code", "source": "\\ud800"}]}', b"[" * 100_000])
def test_what_cannot_be_text_or_is_nested_beyond_reason_is_an_error(project, data):
    with pytest.raises(InvalidNotebook, match=r"^e\.ipynb: not JSON"):
        plans.make_plan(load_project(project), data, "e.ipynb")


@pytest.mark.parametrize("editor", [lambda told: told, as_colab])
def test_a_set_up_cell_below_another_line_is_still_no_cell_of_the_driver(project, editor):
    told = editor(notebook(project))
    cell = code_cell(told, "# Set-up")
    cell["source"] = f"# mine\n{source(cell)}"
    assert applied(project, told) == [("note", "bootstrap cell", "edited, but it is generated: not taken")]


def test_a_notebook_that_is_larger_than_any_is_not_parsed(monkeypatch):
    monkeypatch.setattr(edited_notebook, "_LARGEST_BYTES", 10)
    with pytest.raises(InvalidNotebook, match=r"^x.ipynb: 12 bytes; more than 10 are not read, clear its outputs$"):
        edited_notebook.read(b'{"cells":[]}', "x.ipynb")
