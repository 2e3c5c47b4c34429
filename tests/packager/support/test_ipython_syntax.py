import ast
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernelwright.support import ipython_syntax

SYSTEM, MAGIC = "get_ipython().system", "get_ipython().run_line_magic"
TIME = "get_ipython().run_cell_magic('time', '', '')"


@pytest.mark.parametrize(
    ("text", "python", "commands"),
    [
        ("x = 1\n!ls\ny = 2", f"x = 1\n{SYSTEM}('ls')\ny = 2", ((2, "!ls"),)),
        ("if x:\n    %time f()\n", "if x:\n    f()\n", ()),
        ("files = !ls", "files = get_ipython().getoutput('ls')\n", ((1, "!ls"),)),
        ("if x:\n    !ls", f"if x:\n    {SYSTEM}('ls')\n", ((2, "!ls"),)),
        ("!a \\\n -b\nx", f"{SYSTEM}('a   -b')\n\nx", ((1, "!a -b"),)),
        ("%cd x\nimport y", f"{MAGIC}('cd', 'x')\nimport y", ((1, "%cd x"),)),
        (
            "%%capture out\nx = 1",
            "out = get_ipython().run_cell_magic('capture', 'out', '')\nx = 1",
            ((1, "%%capture out"),),
        ),
        ("\n\n%%time\n!ls", f"\n\n{TIME}\n{SYSTEM}('ls')\n", ((3, "%%time"), (4, "!ls"))),
        ("# why\n%%time\nx", f"# why\n{MAGIC}('%time', '')\nx", ((2, "%%time"),)),
        ("%%timeit n = 1\nf(n)", "n = 1\nf(n)", ((1, "%%timeit n = 1"),)),
        ("%%bash\nls\npwd", None, ((2, "!ls"), (3, "!pwd"))),
        ("%%sh\nls \\\n  -l\npwd", None, ((2, "!ls -l"), (4, "!pwd"))),
        ("%%time\n%%bash\nls", None, ((1, "%%time"), (3, "!ls"))),
        ("!ls\nx = (a\n    % b\n    != c)", f"{SYSTEM}('ls')\nx = (a\n    % b\n    != c)", ((1, "!ls"),)),
        ("%%!\nls", None, ((2, "!ls"),)),
        ("%%script false --no-raise-error\npip install x", None, ()),
        ("%timeit -n 10 -r 3 f()", "f()\n", ()),
        ("best = %timeit -o f()", "best = f()\n", ()),
        ("%time !ls\nx = 1", f"{SYSTEM}('ls')\nx = 1", ((1, "!ls"),)),
        ("%%html\n<b>", None, ((1, "%%html"),)),
        ("x?\n?y", f"{MAGIC}('pinfo', 'x')\n{MAGIC}('pinfo', 'y')\n", ()),
        ('x = """\n!ls\n%time\n"""\n!pwd', f'x = """\n!ls\n%time\n"""\n{SYSTEM}(\'pwd\')\n', ((5, "!pwd"),)),
        ("pip install x", f"{MAGIC}('pip', 'install x')\n", ((1, "%pip install x"),)),
        ("ls = 3", "ls = 3", ()),
        ("x = 1  # why?\ny = (", "x = 1  # why?\ny = (", ()),
        ("  x = 1\n  !ls", f"x = 1\n{SYSTEM}('ls')\n", ((2, "!ls"),)),
    ],
)
def test_a_cell_is_read_as_ipython_reads_it_and_each_line_keeps_its_number(text, python, commands):
    assert (ipython_syntax.python_source(text), ipython_syntax.commands(text)) == (python, commands)


def test_the_lines_that_begin_within_a_string_are_known_beside_magics():
    lines = ['x = f"""', "!ls", '"""', "%%module a.py", "!it's", "y = '''", "'''"]
    assert ipython_syntax.within_strings(lines) == {1, 2, 6}


@given(
    st.lists(st.sampled_from(["x = 1", "!ls", "y = !ls", "%cd x", "f?", "!a \\", "(", ")", "'''", "# a?", "", " z"]))
)
def test_the_number_of_lines_is_kept_whatever_the_cell_holds(lines):
    text = "\n".join(lines)
    python = ipython_syntax.python_source(text)
    assert python is not None
    assert len(python.rstrip("\n").split("\n")) <= len(lines) + 1
    for number, line in enumerate(lines, 1):
        if line == "x = 1" and "'''" not in lines and "(" not in lines:
            assert python.split("\n")[number - 1].strip() in {"x = 1", ""}  # empty where a backslash went before it


def test_a_cell_with_a_syntax_error_has_an_empty_tree():
    assert ast.dump(ipython_syntax.syntax_tree("x = (")) == ast.dump(ast.Module(body=[], type_ignores=[]))


def test_ipython_is_not_imported_for_plain_python():
    code = (
        "import sys; from kernelwright.support import ipython_syntax as s; s.python_source('x = 1'); "
        "s.python_source('%%bash\\nls'); print('IPython' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_a_cell_of_so_many_commands_that_they_would_take_minutes_is_read_in_part():
    count = 300
    assert 0 < len(ipython_syntax.commands("!ls\n" * count)) < count
    assert len(ipython_syntax.commands("!ls\n" * 100)) == 100
