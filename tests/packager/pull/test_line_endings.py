"""The last line feed of a cell, which some editors take: of every cell, or of those they touched."""

import json

import pytest

from kernelwright.pull import line_endings
from tests.packager import shipped
from tests.packager.pull.edits import MODULE, applied, code_cell, earlier_notebook, edit, notebook, source

VENDORED = "%%module kernelwright/runtime/phase.py"


def cut(told, beginning):
    cell = code_cell(told, beginning)
    cell["source"] = source(cell).rstrip("\n")


@pytest.mark.parametrize(
    ("text", "base", "restored"),
    [
        ("x = 1", "x = 1\n", "x = 1\n"),
        ("x = 1\n", "x = 1", "x = 1"),
        ("x = 1", "x = 1\n\n\n", "x = 1\n\n\n"),
        ("x = 1\n", "x = 1\n\n", "x = 1\n\n"),
        ("x = 1\n", "x = 1\n\n\n", "x = 1\n"),
        ("x = 2", "x = 1\n", "x = 2\n"),
        ("x = 2", "x = 1", "x = 2"),
        ("x = 2\n", "x = 1", "x = 2\n"),
        ("y\nx = 1\n", "x = 1", "y\nx = 1"),
        ("x = 1\ny", "x = 1\n", "x = 1\ny\n"),
        ("", "x = 1\n", ""),
        ("", "\n", "\n"),
        ("x = 1", "", "x = 1"),
    ],
)
def test_a_text_has_the_end_it_was_built_with_unless_its_end_was_edited(text, base, restored):
    assert line_endings.restore_final_newline(text, base) == restored


def test_one_cell_without_its_last_line_feed_is_no_edit(project):
    told = notebook(project)
    cut(told, f"%%module {MODULE}")
    assert applied(project, told) == []


def test_a_vendored_cell_without_its_last_line_feed_is_not_refused(project):
    told = earlier_notebook(project)
    cut(told, VENDORED)
    edit(told, f"%%module {MODULE}", "len(row", "1 + len(row")
    assert applied(project, told) == [("write", MODULE, "edited")]


def test_an_edited_cell_without_its_last_line_feed_keeps_that_of_its_file(project):
    told = notebook(project)
    edit(told, f"%%module {MODULE}", "len(row", "1 + len(row")
    cut(told, f"%%module {MODULE}")
    assert applied(project, told) == [("write", MODULE, "edited")]
    assert (project / MODULE).read_text() == shipped.MODULE.replace("len(row", "1 + len(row")


@pytest.mark.parametrize("is_every_cell_cut", [True, False])
def test_a_file_without_a_last_line_feed_gains_none(project, is_every_cell_cut):
    (project / "toy/more.py").write_text("X = 1\nY = 2")
    told = notebook(project)
    for cell in told["cells"] if is_every_cell_cut else ():
        cell["source"] = source(cell).rstrip("\n")
    assert applied(project, told) == []
    edit(told, "%%module toy/more.py", "X = 1", "X = 3")
    assert applied(project, told) == [("write", "toy/more.py", "edited")]
    assert (project / "toy/more.py").read_text() == "X = 3\nY = 2"


def test_a_driver_without_a_last_line_feed_gains_none(project):
    driver = project / "main.py"
    driver.write_text(shipped.DRIVER.rstrip("\n"))
    shipped.commit(project)
    told = notebook(project)
    edit(told, "submission.write", "rows, ", "rows[:], ")
    assert applied(project, told) == [("write", "main.py", "edited: cell 4 edited")]
    assert driver.read_text() == shipped.DRIVER.replace("rows, ", "rows[:], ").rstrip("\n")


@pytest.mark.parametrize("content", [b"", b"\n", b"X = 1", b"X = 1\n\n\n", b"X = 1\r\n\r\n", b"\n\nX = 1\r\n"])
def test_any_end_of_a_file_survives_whatever_the_editor_takes(project, content):
    (project / "toy/more.py").write_bytes(content)
    for save in (lambda text: text.rstrip("\n"), lambda text: text.removesuffix("\n"), lambda text: f"{text}\n"):
        told = notebook(project)
        for cell in told["cells"]:
            cell["source"] = save(source(cell))
        assert applied(project, told) == []
    assert (project / "toy/more.py").read_bytes() == content


def test_a_module_added_by_an_editor_that_takes_line_feeds_ends_with_one(project):
    told = notebook(project)
    told["cells"].append({"cell_type": "code", "metadata": {}, "source": "%%module toy/more.py\nX = 1"})
    as_typed = json.loads(json.dumps(told))
    cut(told, f"%%module {MODULE}")
    assert applied(project, told) == [("write", "toy/more.py", "added")]
    assert (project / "toy/more.py").read_text() == "X = 1\n"
    (project / "toy/more.py").unlink()
    assert applied(project, as_typed) == [("write", "toy/more.py", "added")]
    assert (project / "toy/more.py").read_text() == "X = 1"
