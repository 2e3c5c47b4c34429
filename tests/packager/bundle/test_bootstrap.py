import ast

from hypothesis import example, given, settings
from hypothesis import strategies as st
from IPython.core.inputtransformer2 import TransformerManager

from kernelwright.bundle import bootstrap


def packed(cell):
    """The files that a bootstrap cell packs, as Python reads the cell."""
    call = next(node.value for node in ast.parse(cell).body if isinstance(node, ast.Expr))
    return eval(compile(ast.Expression(call.args[1]), "the bootstrap cell", "eval"))


@settings(max_examples=25)  # IPython takes its time for each
@given(st.lists(st.binary() | st.text().map(str.encode) | st.text("'\\\"\n\t{}%!?x").map(str.encode), max_size=3))
@example([b"it ends in a quote'", b"or in \\", b"'''", b"a\rb\n", b"\x0c\n%%x", "\u2028".encode()])
def test_files_are_packed_to_the_byte_and_ipython_leaves_them_alone(contents):
    files = {f"{number}.txt": data for number, data in enumerate(contents)}
    cell = bootstrap.text("{}", files)
    assert packed(cell) == files
    assert TransformerManager().transform_cell(cell) == f"{cell}\n"


def test_text_is_packed_to_be_read_and_other_bytes_in_base64():
    cell = bootstrap.text("{}", {"a.py": b"x = 1\n", "b.bin": b"\xff"})
    assert "\"a.py\": r'''x = 1\n'''.encode(),\n" in cell
    assert '"b.bin": __import__("base64").b64decode("/w=="),\n' in cell
