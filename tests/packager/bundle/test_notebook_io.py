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
    return list(map(str, caught.value.problems))


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
    assert problems(tmp_path, text) == [f"main.py:3: {fix}", f"main.py:6: {fix}"]


def test_each_cell_that_is_not_python_is_named_by_its_line(tmp_path):
    text = "# %%\nx = 1\n\n# %% [markdown]\n# not ( python\n\n# %%\n\ny = (\n# %%\n)\n# %%\nz = 1 +\n"
    assert problems(tmp_path, text) == [
        "main.py:9: '(' was never closed; not Python as it stands",
        "main.py:11: unmatched ')'; not Python as it stands",
        "main.py:13: invalid syntax; not Python as it stands",
    ]


def test_a_driver_that_is_missing_or_not_text_is_named(tmp_path):
    assert problems(tmp_path, b"# %%\n\xff") == ["main.py: not UTF-8 at byte 5; save the driver as UTF-8"]
    with pytest.raises(InvalidProject) as caught:
        notebook_io.read_driver(tmp_path / "gone.py", "gone.py")
    what = "gone.py: No such file or directory; tool.kernelwright.driver names a percent-format script"
    assert str(caught.value) == what


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
