import json

import nbformat
import pytest

from kernelwright.bundle import notebook_io
from kernelwright.bundle.cells import Cell
from kernelwright.errors import InvalidProject


def read(tmp_path, text):
    file = tmp_path / "main.py"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return notebook_io.read_driver(file, "main.py")


def problems(tmp_path, text):
    with pytest.raises(InvalidProject) as caught:
        read(tmp_path, text)
    return [(problem.code, str(problem)) for problem in caught.value.problems]


def test_a_driver_comes_out_as_its_author_wrote_it(tmp_path):
    text = (
        "# %% [markdown]\n# # Title\n#\n#     indented\n\n# %% A title tags=['x'] key=\"v\"\n# !ls\n"
        '# %matplotlib inline\n\n\nx = """\n# %% not a cell\n"""  # ends\n\n'
        "# %%\n%matplotlib inline\n!ls {x} $HOME\n\n# %% [raw]\n# raw\n\n"
        '# %% [markdown]\n"""\nquoted *text*\n"""\n'
    )
    assert [(cell.kind, cell.source) for cell in read(tmp_path, text)] == [
        ("markdown", "# Title\n\n    indented"),
        ("code", '# !ls\n# %matplotlib inline\n\n\nx = """\n# %% not a cell\n"""  # ends'),
        ("code", "%matplotlib inline\n!ls {x} $HOME"),
        ("raw", "raw"),
        ("markdown", "quoted *text*"),
    ]
    assert read(tmp_path, text)[1].metadata == {"title": "A title", "tags": ["x"], "key": "v"}


@pytest.mark.parametrize("end", "\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029")
def test_what_only_jupytext_takes_for_a_line_end_stays(tmp_path, end):
    assert [cell.source for cell in read(tmp_path, f"# %%\nx = '{end}'\n")] == [f"x = '{end}'"]


def test_windows_line_ends_and_a_byte_order_mark_are_no_content(tmp_path):
    assert [cell.source for cell in read(tmp_path, b"\xef\xbb\xbf# %%\r\nx = 1\r\ny = 2\r\n")] == ["x = 1\ny = 2"]


def test_cells_may_await_and_future_imports_stay(tmp_path):
    assert len(read(tmp_path, "# %%\nfrom __future__ import annotations\n# %%\nawait f()\n")) == 2


def test_a_cell_mark_at_an_indent_is_an_error(tmp_path):
    text = "# %%\nclass A:\n    # %% here\n    x = 1\n\n    #%%\n    y = 2  # %% fine\n"
    fix = "a cell mark (# %%) at an indent splits a statement in two; unindent or reword the comment"
    assert problems(tmp_path, text) == [("KW202", f"main.py:3: {fix}"), ("KW202", f"main.py:6: {fix}")]


def test_each_cell_that_is_not_python_is_named_by_its_line(tmp_path):
    text = (
        "# %%\nx = 1\n\n# %% [markdown]\n# not ( python\n\n# %%\n\ny = (\n# %%\n)\n# %%\nz = 1 +\n"
        '# %%\n# why?\nif x\n# %% language="bash"\n# if x\n# %%\n!ls\n%%time\nz = 1 -\n# %%\n%%time\nz = = 1\n'
    )
    assert problems(tmp_path, text) == [
        ("KW203", "main.py:9: '(' was never closed; correct the syntax"),
        ("KW203", "main.py:11: unmatched ')'; correct the syntax"),
        ("KW203", "main.py:13: invalid syntax; correct the syntax"),
        ("KW203", "main.py:16: expected ':'; correct the syntax"),
        ("KW203", "main.py:22: invalid syntax; correct the syntax"),
        ("KW203", "main.py:25: invalid syntax; correct the syntax"),
    ]


def test_a_cell_that_is_nested_deeper_than_python_goes_is_named(tmp_path):
    text = f"# %%\nx = 1\n\n# %%\ny = {'-' * 100_000}1\n"
    assert problems(tmp_path, text) == [("KW203", "main.py:5: nested too deep; correct the syntax")]


def test_each_cell_knows_its_line_in_the_driver(tmp_path):
    text = (
        '# %% [markdown]\n# # Title\n#\n# text\n\n# %%\n\nx = 1\n# %%\n\n# %%\nx = 1\n# %% language="bash"\n# ls\n'
        '# %% [markdown]\n"""\nquoted\n"""\n'
    )
    assert [cell.line for cell in read(tmp_path, text)] == [2, 7, 8, 12, 14, 17]


CONVERT = "convert it with `jupytext --to py:percent {}` and name the .py file in tool.kernelwright.driver"
FORM = "# ---\n# jupyter:\n#   jupytext:\n#     {}\n# ---\n\n# %%\nx = 1\n"


@pytest.mark.parametrize(
    ("name", "text", "code", "problem"),
    [
        ("main.py", b"# %%\n\xff", "KW201", "main.py: not UTF-8 at byte 5; save the driver as UTF-8"),
        (
            "main.ipynb",
            "{}",
            "KW204",
            f"main.ipynb: .ipynb is no percent-format script; {CONVERT.format('main.ipynb')}",
        ),
        (
            "main.R",
            "x <- 1",
            "KW204",
            "main.R: .R is no percent-format script; write the driver in Python, its cells under "
            "`# %%`, in a file that ends in .py",
        ),
        (
            "main.py",
            FORM.format("format_name: light"),
            "KW204",
            f"main.py:1: its header says that it is in jupytext's format light; {CONVERT.format('main.py')}",
        ),
        (
            "main.py",
            FORM.format("comment_magics: true"),
            "KW206",
            "main.py:1: comment_magics: true, so the magics are comments, and would stay comments; "
            "set it to false, and take the magics out of their comments",
        ),
        (
            "main.py",
            "# %%\nx\n# %% tags=null\nx\n",
            "KW207",
            'main.py:3: its tags are no list; write them as tags=["modules"]',
        ),
        (
            "main.py",
            '# %% tags="modules"\nx\n',
            "KW207",
            'main.py:1: its tags are no list; write them as tags=["modules"]',
        ),
        (
            "main.py",
            "# ---\n# jupyter:\n#   kernelspec:\n#     name: python3\n# ---\n# %%\n",
            "KW207",
            "main.py:1: jupytext refuses the header: 'display_name' is a required property; "
            "correct the header, or delete it",
        ),
        (
            "main.py",
            "# ---\n# jupyter:\n#   kernelspec: [a\n# ---\n# %%\n",
            "KW207",
            "main.py:1: jupytext refuses the header: while parsing a flow sequence; correct the header, or delete it",
        ),
    ],
)
def test_a_driver_that_cannot_be_used_is_named_with_what_to_do(tmp_path, name, text, code, problem):
    file = tmp_path / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    cells, problems = notebook_io.load_driver(file, name)
    assert (cells, [(problem.code, str(problem)) for problem in problems]) == ((), [(code, problem)])


def test_a_driver_that_is_missing_is_named(tmp_path):
    with pytest.raises(InvalidProject) as caught:
        notebook_io.read_driver(tmp_path / "gone.py", "gone.py")
    fix = "name a percent-format script in tool.kernelwright.driver"
    assert [str(problem) for problem in caught.value.problems] == [f"gone.py: No such file or directory; {fix}"]


CELLS = (
    Cell(kind="markdown", source="# A\n\nü", id="aa", metadata={"tags": ["b", "a"]}),
    Cell(kind="code", source="x = '\u2028\x0c'\r\ny\n", id="bb"),
    Cell(kind="raw", source="", id="cc"),
)


def test_the_file_is_valid_and_holds_each_cell_exactly():
    data = notebook_io.write(CELLS)
    node = nbformat.reads(data.decode(), as_version=nbformat.NO_CONVERT)
    nbformat.validate(node)
    assert (node.nbformat, node.nbformat_minor) == (4, 5)
    assert node.metadata == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    assert [(c.cell_type, c.source, c.id, c.metadata) for c in node.cells] == [
        (c.kind, c.source, c.id, c.metadata) for c in CELLS
    ]
    assert all("outputs" not in cell or cell["outputs"] == [] for cell in json.loads(data)["cells"])


def test_the_file_ends_with_one_line_feed():
    assert notebook_io.write(CELLS).endswith(b"}\n")


def test_the_file_is_what_nbformat_writes():
    data = notebook_io.write(CELLS)
    node = nbformat.reads(data.decode(), as_version=nbformat.NO_CONVERT)
    assert data.decode().rstrip("\n") == nbformat.writes(node, version=nbformat.NO_CONVERT).rstrip("\n")
