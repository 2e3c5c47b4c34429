import pytest

from kernelwright.support import ipython_syntax


@pytest.mark.parametrize(
    ("text", "python", "commands"),
    [
        ("x = 1\n!ls\ny = 2", "x = 1\npass\ny = 2", [(2, "!ls")]),
        ("if x:\n    %time f()\n", "if x:\n    f()\n", [(2, "%time f()")]),
        ("files = !ls", "pass", [(1, "!ls")]),
        ("!a \\\n b \\\n c\nx", "pass\n\n\nx", [(1, "!a b c")]),
        ("%%capture out\nx = 1", "pass\nx = 1", [(1, "%%capture out")]),
        ("%%bash\nls\npwd", "", [(2, "!ls"), (3, "!pwd")]),
        ("!ls\nx = (a\n    % b\n    != c)", "pass\nx = (a\n    % b\n    != c)", [(1, "!ls")]),
        ("%%!\nls", "", [(2, "!ls")]),
        ("%%sx\nls", "", [(2, "!ls")]),
        ("%%script false --no-raise-error\npip install x", "", []),
        ("%timeit -n 10 -r 3 f()", "f()", [(1, "%timeit -n 10 -r 3 f()")]),
        ("%time !ls\nx = 1", "pass\nx = 1", [(1, "%time !ls")]),
        ("%%html\n<b>", "", [(1, "%%html")]),
        ("x?\n?y", "pass\npass", []),
        ('x = """\n!ls\n%time\n"""\n!pwd', 'x = """\n!ls\n%time\n"""\npass', [(5, "!pwd")]),
    ],
)
def test_python_is_parted_from_ipythons_lines_and_keeps_its_line_numbers(text, python, commands):
    found = ipython_syntax.split(text)
    assert (found.python, list(found.commands)) == (python, commands)
