"""Random edits to a built notebook, brought back and built again: the same cells."""

import ast
import json
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from kernelwright.building import build_notebook
from kernelwright.project import load_project
from kernelwright.sync import edited, kept, script
from kernelwright.sync import plan as plans
from tests.packager import shipped
from tests.packager.sync.edits import MODULE, applied, code_cell, notebook, recorded, source

LINES = st.sampled_from(
    [
        *(
            "",
            "x = 1",
            "y = '''",
            "z'''",
            "# a comment",
            "    pass",
            "def f():",
            "!ls -l",
            "%matplotlib inline",
            "%%time",
        ),
        *("# !ls", "# %matplotlib inline", "x = '\\x85\\u2028\\x0c'", "$a_b$", "# Title", "- item", "é ∂", "\\ttab"),
        *('"""', "`code`", "> quote", "```", "# + tags", "# -", "# region", "a = [1,", "2]", "x?", "await f()"),
    ]
).map(lambda line: line.encode().decode("unicode_escape") if "\\" in line else line)
TEXT = st.lists(LINES, min_size=1, max_size=5).map("\n".join)


@st.composite
def edits(draw, told):
    """Change, add, move and delete cells of a notebook as a person might."""
    cells = list(told["cells"])
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(cells) - 1))
        mark = cells[at]["metadata"].get("kernelwright", {})
        what = draw(st.sampled_from(["edit", "add", "move", "delete"]))
        own = "driver" in mark or not mark
        if what == "add":
            kind = draw(st.sampled_from(["code", "markdown", "raw"]))
            cells.insert(at, {"cell_type": kind, "metadata": {}, "source": draw(TEXT)})
        elif what == "edit" and own:
            cells[at] = {**cells[at], "source": draw(TEXT)}
        elif what == "edit" and mark.get("file") == "toy/__init__.py" and cells[at]["cell_type"] == "code":
            cells[at] = {**cells[at], "source": f"%%module toy/__init__.py\n{draw(TEXT)}\n"}
        elif what == "move" and own:
            cells.insert(draw(st.integers(0, len(cells) - 1)), cells.pop(at))
        elif what == "delete" and own and len(cells) > 1:
            del cells[at]
    return {**told, "cells": cells}


@st.composite
def savings(draw, told):
    """Save a notebook as some editor might."""
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    is_bare, taken = draw(st.booleans()), draw(st.sampled_from(["none", "some", "all"]))
    cells = []
    for cell in told["cells"]:
        text = "".join(cell["source"])
        if taken == "all" or (taken == "some" and draw(st.booleans())):
            text = text.removesuffix("\n")
        kept = {key: value for key, value in cell.items() if key != "id"} | ({"metadata": {}} if is_bare else {})
        cells.append({**kept, "source": text.replace("\n", newline)})
    return {**told, "cells": cells}


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    folder = shipped.ready(tmp_path_factory.mktemp("toy") / "project")
    return folder, json.loads(build_notebook(load_project(folder)).data)


def says(data):
    """Return what a notebook says, as it is compared: blank lines at the end of a cell say nothing."""
    read = edited.read(data)
    modules = {path: text.rstrip("\n") for path, text in read.modules}
    return modules, [(cell.kind, cell.source.rstrip("\n"), script.tags(cell)) for cell in read.driver]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_what_was_edited_is_what_the_next_build_gives(template, data):
    folder, built = template
    told = json.dumps(data.draw(savings(data.draw(edits(built))))).encode()
    with tempfile.TemporaryDirectory() as scratch:
        project = shutil.copytree(folder, Path(scratch, "project"))
        before = {path: path.read_bytes() for path in project.glob("**/*.py")}
        made = plans.make(load_project(project), told)
        plans.carry_out(load_project(project), made)
        event("clean" if made.clean else "not clean")
        if not made.clean:  # what cannot be taken changes nothing, but for the other cells of the driver
            untaken = {project / change.place for change in made.changes if change.action == "conflict"}
            taken = {project / change.place for change in made.changes if change.action == "write"}
            assert all(path.read_bytes() == before[path] for path in untaken - taken)
            return
        assume(_is_python(project / "toy/__init__.py"))
        again = build_notebook(load_project(project)).data
        assert says(again) == says(told)
        assert plans.make(load_project(project), told).changes == []


def _is_python(file):
    try:
        ast.parse(file.read_bytes())
    except (SyntaxError, ValueError):
        return False
    return True


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_notebook_nobody_edited_changes_nothing_however_it_was_saved(template, data):
    folder, built = template
    told = json.dumps(data.draw(savings(built))).encode()
    assert plans.make(load_project(folder), told).changes == []


def grown(text, token, at):
    """Put a line of its own into a text."""
    lines = text.split("\n")
    lines.insert(1 + at % len(lines), f"# {token}")
    return "\n".join(lines)


@settings(max_examples=15, deadline=None)
@given(
    memory=st.sampled_from(["git", "push", "build", "nothing"]),
    rounds=st.lists(st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(0, 9)), max_size=3), max_size=3),
)
def test_no_line_written_here_is_lost_and_none_written_there_is_lost_untold(memory, rounds):
    with tempfile.TemporaryDirectory() as scratch:
        project = shipped.make(Path(scratch, "project"))
        {"git": shipped.commit, "push": recorded, "build": shipped.build, "nothing": id}[memory](project)
        told, here, there, tokens = notebook(project), {}, {}, iter(range(99))
        for edits_of_round in rounds:
            for is_here, is_driver, at in edits_of_round:
                token, name = f"token {next(tokens)}.", "main.py" if is_driver else MODULE
                (here if is_here else there)[token] = name
                if is_here:
                    (project / name).write_text(grown((project / name).read_text(), token, at))
                else:
                    cell = code_cell(told, "rows =" if is_driver else f"%%module {MODULE}")
                    cell["source"] = grown(source(cell), token, at)
            left = {place for action, place, _ in applied(project, told) if action == "conflict"}
            event(f"{memory}: {'conflict' if left else 'clean'}")
            assert all(token in (project / name).read_text() for token, name in here.items())
            assert all(token in (project / name).read_text() for token, name in there.items() if name not in left)
            if memory == "git":
                shipped.commit(project)


@given(st.lists(st.tuples(st.sampled_from(["a", "b", ""]), st.sampled_from(["\n", "\r\n"])), max_size=8), st.data())
def test_a_text_nobody_edited_gets_its_bytes_back_and_an_edited_one_its_text(lines, data):
    original = "".join(f"{text}{end}" for text, end in lines)
    plain = original.replace("\r\n", "\n")
    assert kept.restored(plain, original.encode()) == original.encode()
    other = "\n".join(data.draw(st.lists(st.sampled_from(["a", "b", "c", ""]), max_size=8)))
    assert kept.restored(other, original.encode()).decode().replace("\r\n", "\n") == other
