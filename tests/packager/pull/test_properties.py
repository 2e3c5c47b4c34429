"""Random edits to a built notebook, brought back and built again: the same cells."""

import json
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from kernelwright.bundle.build import build_notebook
from kernelwright.project.model import load_project
from kernelwright.pull import edited_notebook, line_endings, percent_script
from kernelwright.pull import plan as plans
from tests.packager import shipped
from tests.packager.pull.edits import MODULE, applied, code_cell, notebook, recorded, source

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


BLOCKS = st.sampled_from(
    [
        "x = 1",
        "# é ∂ 🦊 \x85 \u2028 \x0c",
        "def f():\n    return '#'",
        "y = '''\n# %%\n%%time\n%%module toy/no.py\n!ls'''",
        "a = [1,\n     2]  # %%",
        "# %% [markdown]\n# no cell",
    ]
)
MODULES = {
    MODULE: shipped.MODULE,
    "toy/more.py": "X = 1\n\n\ndef more():\n    return X",
    "toy/größe.py": "# Windows\r\nY = 1\r\n\r\nZ = 2\r\n",
}
DRIVER = f"""{shipped.DRIVER}
# %% [markdown] tags=["story"]
# ## Größe

#%% A title tags=["slow"]
!ls -l
%matplotlib inline

# %% language="bash"
# echo 1
"""


def line_of(cell):
    """Return the `%%module` line of a cell of the author's, empty for one of the driver's; None for any other."""
    mark, first = cell["metadata"].get("kernelwright", {}), source(cell).partition("\n")[0]
    if cell["cell_type"] == "code" and first.startswith("%%module toy/"):
        return first
    return "" if "driver" in mark or not mark else None


@st.composite
def modules(draw, text=""):
    """Change a module's text by one block of lines, so that it is Python still."""
    blocks = [block for block in text.replace("\r\n", "\n").split("\n\n") if block.strip()]
    at = draw(st.integers(0, len(blocks)))
    blocks[at : at + draw(st.integers(0, int(len(blocks) > 1)))] = [draw(BLOCKS)]
    return "\n\n".join(blocks) + draw(st.sampled_from(["", "\n", "\n\n"]))


@st.composite
def rewritten(draw, cell):
    """Edit one cell: a text of the driver's, or the module that a cell writes."""
    line = line_of(cell)
    if not line:
        return {**cell, "source": draw(st.one_of(TEXT, TEXT.map(lambda text: f"{source(cell)}\n{text}")))}
    return {**cell, "source": f"{line}\n{draw(modules(source(cell).partition(chr(10))[2]))}"}


@st.composite
def added(draw, number):
    """Write a new cell, of the driver's or of a module."""
    kind = draw(st.sampled_from(["code", "markdown", "raw", "module"]))
    if kind == "module":
        return {"cell_type": "code", "metadata": {}, "source": f"%%module toy/new_{number}.py\n{draw(modules())}"}
    return {"cell_type": kind, "metadata": {}, "source": draw(TEXT)}


@st.composite
def edits(draw, told):
    """Change, add, move, rename and delete cells of a notebook as a person might."""
    cells = list(told["cells"])
    for number in range(draw(st.integers(1, 5))):
        at = draw(st.sampled_from([at for at, cell in enumerate(cells) if line_of(cell) is not None]))
        line = line_of(cells[at])
        what = draw(st.sampled_from(["edit", "edit", "add", "move", "delete", *["rename"] * bool(line)]))
        event(f"{what} {'a module' if line else 'of the driver'}")
        if what == "edit":
            cells[at] = draw(rewritten(cells[at]))
        elif what == "add":
            cells.insert(at, draw(added(number)))
        elif what == "move":
            cells.insert(draw(st.integers(0, len(cells) - 1)), cells.pop(at))
        elif what == "delete" and len(cells) > 1:
            del cells[at]
        elif what == "rename":
            cells[at] = {**cells[at], "source": source(cells[at]).replace(line, f"%%module toy/renamed_{number}.py", 1)}
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
        cells.append({**kept, "source": text.replace("\r\n", "\n").replace("\n", newline)})
    return {**told, "cells": cells}


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    folder = shipped.make(tmp_path_factory.mktemp("toy") / "project")
    for path, text in {**MODULES, "main.py": DRIVER}.items():
        (folder / path).write_bytes(text.encode())
    shipped.commit(folder)
    return folder, json.loads(build_notebook(load_project(folder)).data)


def says(data, *, tagged):
    """Return what a notebook says, as it is compared: blank lines at the end of a cell say nothing."""
    read = edited_notebook.read(data)
    texts = {path: text.rstrip("\n") for path, text in read.modules}
    return texts, [percent_script.content(cell)[: 3 if tagged else 2] for cell in read.driver]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_what_was_edited_is_what_the_next_build_gives(template, data):
    folder, built = template
    saved = data.draw(savings(data.draw(edits(built))))
    told, tagged = json.dumps(saved).encode(), any(cell["metadata"] for cell in saved["cells"])
    with tempfile.TemporaryDirectory() as scratch:
        project = shutil.copytree(folder, Path(scratch, "project"))
        before = {path: path.read_bytes() for path in project.glob("**/*.py")}
        made = plans.make_plan(load_project(project), told)
        plans.apply(load_project(project), made)
        event("clean" if made.clean else "not clean")
        if not made.clean:  # what cannot be taken changes nothing, but for the other cells of the driver
            untaken = {project / change.place for change in made.changes if change.action == "conflict"}
            taken = {project / change.place for change in made.changes if change.action == "write"}
            assert all(path.read_bytes() == before[path] for path in untaken - taken)
            return
        again = build_notebook(load_project(project)).data
        assert says(again, tagged=tagged) == says(told, tagged=tagged)
        assert plans.make_plan(load_project(project), told).changes == []


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_notebook_nobody_edited_changes_nothing_however_it_was_saved(template, data):
    folder, built = template
    told = json.dumps(data.draw(savings(built))).encode()
    assert plans.make_plan(load_project(folder), told).changes == []


def grown(text, token, at, *, is_new):
    """Put a token into a text: in a line of its own, or at the end of a line that is there."""
    lines = text.split("\n")
    if is_new:
        lines.insert(1 + at % len(lines), f"# {token}")
    else:
        said = [index for index, line in enumerate(lines) if "%%" not in line]
        lines[said[at % len(said)]] += f"  # {token}"
    return "\n".join(lines)


BOTH = {"main.py": "import toy", MODULE: f"%%module {MODULE}"}
KEEPS = {"git": shipped.commit, "push": recorded, "build": shipped.build, "nothing": id}


@pytest.fixture(scope="module")
def remembered(tmp_path_factory):
    """Return projects of which something else is remembered each, and their notebook as text."""
    folders = {name: shipped.make(tmp_path_factory.mktemp(name) / "project") for name in KEEPS}
    for name, folder in folders.items():
        KEEPS[name](folder)
    return {name: (folder, json.dumps(notebook(folder))) for name, folder in folders.items()}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    memory=st.sampled_from(sorted(KEEPS)),
    rounds=st.lists(
        st.tuples(
            st.lists(
                st.tuples(st.booleans(), st.booleans(), st.sampled_from(sorted(BOTH)), st.integers(0, 9)), max_size=4
            ),
            st.booleans(),
        ),
        max_size=3,
    ),
)
def test_no_line_written_here_is_lost_and_none_written_there_is_lost_untold(remembered, memory, rounds):
    folder, text = remembered[memory]
    with tempfile.TemporaryDirectory() as scratch:
        project = shutil.copytree(folder, Path(scratch, "project"))
        told, here, there, tokens = json.loads(text), {}, {}, iter(range(99))
        for edits_of_round, is_kept in rounds:
            for is_here, is_new, name, at in edits_of_round:
                token = f"token {next(tokens)}."
                (here if is_here else there)[token] = name
                if is_here:
                    file = project / name
                    file.write_text(grown(file.read_text(), token, at, is_new=is_new))
                else:
                    cell = code_cell(told, BOTH[name])
                    cell["source"] = grown(source(cell), token, at, is_new=is_new)
            if is_kept and memory != "push":  # what is built or committed here since is no ancestor of the notebook
                KEEPS[memory](project)
            left = {place for action, place, _ in applied(project, told) if action == "conflict"}
            event(f"{memory}: {'conflict' if left else 'clean'}")
            assert all((project / name).read_text().count(token) == 1 for token, name in here.items())
            taken = {token: name for token, name in there.items() if name not in left}
            assert all((project / name).read_text().count(token) == 1 for token, name in taken.items())


@given(st.lists(st.tuples(st.sampled_from(["a", "b", ""]), st.sampled_from(["\n", "\r\n"])), max_size=8), st.data())
def test_a_text_nobody_edited_gets_its_bytes_back_and_an_edited_one_its_text(lines, data):
    original = "".join(f"{text}{end}" for text, end in lines)
    plain = original.replace("\r\n", "\n")
    assert line_endings.restore_line_endings(plain, original.encode()) == original.encode()
    other = "\n".join(data.draw(st.lists(st.sampled_from(["a", "b", "c", ""]), max_size=8)))
    assert line_endings.restore_line_endings(other, original.encode()).decode().replace("\r\n", "\n") == other
