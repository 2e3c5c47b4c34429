"""Cells of the driver that a percent script cannot hold: each is named, and the others are taken."""

import time

import pytest

from kernelwright.bundle.cells import Cell
from kernelwright.pull import driver as drivers
from tests.packager import shipped
from tests.packager.cli.test_pull import pull
from tests.packager.pull.edits import applied, code_cell, edit, notebook
from tests.packager.pull.test_edited_notebook import as_colab

SPLIT = "begins a new cell in a script; split the cell there or reword it"


def add(told, *texts):
    told["cells"] += [{"cell_type": "code", "metadata": {}, "source": text} for text in texts]
    return len(told["cells"])


@pytest.mark.parametrize("mark", ["# %%", "# %% not a mark", "#%%", "# In[3]:", "# <codecell>", "    # %%"])
def test_a_cell_with_a_line_that_begins_a_cell_stays_as_it_is_here(project, mark):
    told = notebook(project)
    edit(told, "rows =", "rows =", f"x = 1\n{mark}\nrows =")
    number = told["cells"].index(code_cell(told, "x = 1")) + 1
    what = f"cell {number} of the notebook, `x = 1`, is left there: line 2, `{mark.strip()}`, {SPLIT}"
    assert applied(project, told) == [("conflict", "main.py", what)]
    assert (project / "main.py").read_text() == shipped.DRIVER


def test_a_cell_that_is_no_python_stays_as_it_is_here(project):
    told = notebook(project)
    edit(told, "rows =", "rows =", "x = 1\nrows = =")
    number = told["cells"].index(code_cell(told, "x = 1")) + 1
    what = f"cell {number} of the notebook, `x = 1`, is left there: line 2: invalid syntax; correct the syntax"
    assert applied(project, told) == [("conflict", "main.py", what)]
    assert (project / "main.py").read_text() == shipped.DRIVER


@pytest.mark.parametrize("editor", [lambda told: told, as_colab])
def test_the_other_cells_are_taken(project, editor):
    told = editor(notebook(project))
    edit(told, "rows =", "rows =", "# %%\nrows =")
    edit(told, "import toy", "import toy", "import json\nimport toy")
    number = add(told, "%%writefile x.py\nX = 1\n# %%\nY = 1", "print(1)") - 1
    rows = told["cells"].index(code_cell(told, "# %%\nrows")) + 1
    assert applied(project, told) == [
        ("conflict", "main.py", f"cell {rows} of the notebook, `# %%`, is left there: line 1, `# %%`, {SPLIT}"),
        (
            "conflict",
            "main.py",
            f"cell {number} of the notebook, `%%writefile x.py`, is left there: line 3, `# %%`, {SPLIT}",
        ),
        ("write", "main.py", "edited: cell 2 edited; cell 5 added"),
    ]
    expected = shipped.DRIVER.replace("import toy", "import json\nimport toy", 1) + "\n# %%\nprint(1)\n"
    assert (project / "main.py").read_text() == expected
    assert not (project / "build/conflicts").exists()


@pytest.mark.parametrize(
    ("source", "written"),
    [
        ("%%bash\n# %%\necho 1\n\nls", '# %% language="bash"\n# # %%\n# echo 1\n#\n# ls\n'),
        ('%%bash -e "a b"\n# %%', '# %% magic_args="-e \\"a b\\"" language="bash"\n# # %%\n'),
        ("%%html\n# %% x\n<p>", '# %% language="html"\n# # %% x\n# <p>\n'),
        ("%%bash\necho 1", '# %% language="bash"\n# echo 1\n'),
        ("x = '''\n# %%\n'''", "# %%\nx = '''\n# %%\n'''\n"),
    ],
)
def test_a_cell_of_another_language_is_written_in_comments_where_it_must(project, source, written):
    told = notebook(project)
    add(told, source)
    assert applied(project, told) == [("write", "main.py", "edited: cell 5 added")]
    assert (project / "main.py").read_text() == f"{shipped.DRIVER}\n{written}"
    assert applied(project, notebook(project)) == []


def test_a_cell_written_in_comments_is_edited_in_comments(project):
    driver = project / "main.py"
    driver.write_text(f'{shipped.DRIVER}\n# %% language="bash"\n# # %%\n# echo 1\n')
    shipped.commit(project)
    told = notebook(project)
    edit(told, "%%bash", "echo 1", "echo 2")
    assert applied(project, told) == [("write", "main.py", "edited: cell 5 edited")]
    assert driver.read_text() == f'{shipped.DRIVER}\n# %% language="bash"\n# # %%\n# echo 2\n'


def test_the_command_shows_what_stays_and_takes_the_rest(tmp_path):
    project = shipped.ready(tmp_path / "project")
    told = notebook(project)
    number = add(told, "x = 1\n# %%\ny = 2", "print(1)") - 1
    result = pull(project, told, "--apply")
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        f"main.py: cell {number} of the notebook, `x = 1`, is left there: line 2, `# %%`, {SPLIT}",
        "main.py: edited: cell 5 added",
        "--- a/main.py",
        "+++ b/main.py",
        "@@ -10,3 +10,6 @@",
        " ",
        " # %%",
        ' submission.write(rows, header=["id", "answer"])',
        "+",
        "+# %%",
        "+print(1)",
        "1 file changed; 1 left to you",
    ]


def test_a_cell_written_in_comments_takes_another_language(project):
    driver = project / "main.py"
    driver.write_text(f'{shipped.DRIVER}\n# %% language="bash"\n# # %%\n# echo 1\n')
    shipped.commit(project)
    told = notebook(project)
    edit(told, "%%bash", "%%bash", "%%html")
    assert applied(project, told) == [("write", "main.py", "edited: cell 5 edited")]
    assert driver.read_text() == f'{shipped.DRIVER}\n# %% language="html"\n# # %%\n# echo 1\n'


def test_a_line_that_begins_a_cell_within_a_shell_script_with_an_apostrophe_is_found(project):
    told = notebook(project)
    number = add(told, "%%writefile x.sh\necho it's\n# %%\n")
    what = f"cell {number} of the notebook, `%%writefile x.sh`, is left there: line 3, `# %%`, {SPLIT}"
    assert applied(project, told) == [("conflict", "main.py", what)]


@pytest.mark.parametrize(
    ("mark", "tags", "after"),
    [
        ("# %% A title", ["x"], '# %% A title tags=["x"]'),
        ('# %% A title tags=["y"] slow=true', ["x"], '# %% A title tags=["x"] slow=true'),
        ('# %% A title tags=["y"]', [], "# %% A title"),
        ("#%%", ["x"], '# %% tags=["x"]'),
    ],
)
def test_other_tags_leave_the_rest_of_a_cells_mark(tmp_path, mark, tags, after):
    project = shipped.make(tmp_path)
    driver = project / "main.py"
    driver.write_text(shipped.DRIVER.replace("# %%\nrows", f"{mark}\nrows"))
    shipped.commit(project)
    told = notebook(project)
    code_cell(told, "rows =")["metadata"]["tags"] = tags
    assert applied(project, told) == [("write", "main.py", "edited: cell 3 edited")]
    assert driver.read_text() == shipped.DRIVER.replace("# %%\nrows", f"{after}\nrows")


@pytest.mark.parametrize(
    "head", ["", "#!/usr/bin/env python\n", "# -*- coding: utf-8 -*-\n", "#!x\n# ---\n# jupyter:\n#   x: 1\n# ---\n\n"]
)
def test_a_first_cell_without_a_mark_leaves_what_stands_above_it(tmp_path, head):
    project = shipped.make(tmp_path)
    driver = project / "main.py"
    driver.write_text(f"{head}import os\n\n{shipped.DRIVER}")
    shipped.commit(project)
    told = notebook(project)
    edit(told, "import os", "os", "sys")
    assert applied(project, told) == [("write", "main.py", "edited: cell 1 edited")]
    assert driver.read_text() == f"{head}import sys\n\n{shipped.DRIVER}"


def code(*texts):
    return [Cell(kind="code", source=text) for text in texts]


def test_many_cells_are_not_named_one_by_one():
    many = [f"x = {number}" for number in range(100)]
    assert drivers.describe(code("a", *many[:3], "b"), code("a", "b")) == "cell 2, 3, 4 added"
    named = ", ".join(str(at) for at in range(3, 23))
    assert drivers.describe(code("a", "b", *many), code("a", "b")) == f"cell {named} and 80 more added"


ATTACHED = {"plot.png": {"image/png": "iVBORw0KGgo="}}


def test_attachments_a_raw_cells_format_and_other_metadata_are_kept_by_the_next_build(project):
    told = notebook(project)
    told["cells"] += [
        {"cell_type": "markdown", "metadata": {}, "source": "![](attachment:plot.png)", "attachments": ATTACHED},
        {"cell_type": "raw", "metadata": {"format": "text/latex", "raw_mimetype": "text/latex"}, "source": "$a$"},
    ]
    code_cell(told, "rows =")["metadata"] |= {"_kg_hide-output": True, "slideshow": {"slide_type": "slide"}}
    assert applied(project, told) == [("write", "main.py", "edited: cell 3 edited; cell 5, 6 added")]
    written = (project / "main.py").read_text()
    assert '# %% _kg_hide-output=true slideshow={"slide_type": "slide"}\nrows =' in written
    again = notebook(project)["cells"]
    assert (again[-2]["attachments"], again[-2]["metadata"]) == (ATTACHED, {"kernelwright": {"driver": 4}})
    assert again[-1]["metadata"] | told["cells"][-1]["metadata"] == again[-1]["metadata"]
    assert applied(project, notebook(project)) == applied(project, told) == []


def test_metadata_of_a_session_is_no_edit_and_one_that_the_driver_holds_stays(project):
    driver = project / "main.py"
    driver.write_text(shipped.DRIVER.replace("# %%\nrows", '# %% _uuid="a1" slow=true\nrows'))
    shipped.commit(project)
    told = notebook(project)
    code_cell(told, "rows =")["metadata"] |= {"_uuid": "b2", "execution": {}, "papermill": {"status": "completed"}}
    assert applied(project, told) == []
    del code_cell(told, "rows =")["metadata"]["slow"]
    assert applied(project, told) == [("write", "main.py", "edited: cell 3 edited")]
    assert '# %% _uuid="a1"\nrows' in driver.read_text()


def test_metadata_that_was_changed_here_is_not_taken_back(project):
    told = notebook(project)
    edit(told, "submission.write", "rows, ", "rows[:], ")
    mine = shipped.DRIVER.replace("# %%\nrows", "# %% slow=true\nrows")
    (project / "main.py").write_text(mine)
    assert applied(project, told) == [("write", "main.py", "merged: cell 4 edited")]
    assert (project / "main.py").read_text() == mine.replace("rows, ", "rows[:], ")


def test_a_long_line_of_blanks_costs_no_more_than_its_length(project):
    told = notebook(project)
    blanks = " " * 100_000
    add(told, f"x = 1{blanks}# %%{blanks}x", f"%%bash{blanks}x", f"# %%module toy/new.py{blanks}x")
    began = time.process_time()
    applied(project, told)
    assert time.process_time() - began < 10


def test_a_driver_that_jupytext_writes_otherwise_gets_a_conflict_and_loses_nothing(project):
    mine = shipped.DRIVER + "\n# %%\n%%bash\necho 1\n"
    (project / "main.py").write_text(mine)
    shipped.commit(project)
    told = notebook(project)
    edit(told, "%%bash", "echo 1", "echo 2")
    assert applied(project, told) == [("conflict", "main.py", "changed in the notebook and here: cell 5 edited")]
    assert (project / "main.py").read_text() == mine
    assert "echo 2" in (project / "build/conflicts/main.py").read_text()
