"""Why a definition stays: each reason, as it is said."""

import pytest

from kernelwright.adopt import modules, report, statements
from kernelwright.adopt.moves import Analysis
from kernelwright.bundle.cells import Cell
from kernelwright.image import kaggle_image

IMAGE = kaggle_image.load(kaggle_image.DEFAULT)


def analysed(*sources):
    cells = [Cell(kind="code", source=source) for source in sources]
    return cells, Analysis(statements=statements.read(cells), image=IMAGE)


@pytest.mark.parametrize(
    ("sources", "name", "why"),
    [
        (["df = open('x')", "def f():\n    return df"], "f", "it reads `df`, which cell 1 computes"),
        (
            ["def f():\n    return g()", "print(1)", "def g():\n    pass"],
            "f",
            "it reads `g`, which only cell 3 defines",
        ),
        (["x = 1\nx = 2\ndef f():\n    return x"], "f", "it reads `x`, which is bound more than once, in cell 1"),
        (["def f(): pass", "f = 1"], "f", "`f` is bound more than once: also in cell 2"),
        (["n = 0\ndef f():\n    global n\n    n = 1"], "f", "it rebinds the notebook's `n`"),
        (
            ["from os.path import *", "def f():\n    return join('a')"],
            "f",
            "`from os.path import *` in cell 1 may bind any name it reads",
        ),
        (["def f():\n    return nothing"], "f", "it reads `nothing`, which nothing in the notebook defines"),
        (["def f():\n    return __name__"], "f", "it uses `__name__`, which means something else in a module"),
        (
            ["seen = []\ndef f():\n    return seen", "seen.append(1)"],
            "f",
            "it reads `seen`, which is changed after it is made",
        ),
        (["if True:\n    def f(): pass"], "f", "it stands inside another statement"),
        (["%%time\ndef f(): pass"], "f", "its cell is measured or caught by `%%time`"),
        (["def f():\n    !ls\n"], "f", "it has IPython's syntax in it"),
        (["class A: pass", "print(A)"], "A", "it is printed itself, and that names its module"),
        (["class A: pass", "f'{vars(A)}'"], "A", "it is printed itself, and that names its module"),
        (
            ["def f(x=open('y')): pass"],
            "f",
            "its decorators, defaults, bases or body call what may do more than define it",
        ),
        (["def f(): pass", "from __future__ import annotations"], "f", "`from __future__` in cell 2 comes after it"),
        (
            ["try:\n    import a\nexcept ImportError:\n    a = None\ndef f():\n    return a"],
            "f",
            "it reads `a`, which cell 1 binds in a larger statement",
        ),
        (
            ["def f():\n    return g()\nx = input()\ndef g():\n    return x"],
            "f",
            "it reads `g`, which only cell 1 defines",
        ),
    ],
)
def test_what_stays_says_why(sources, name, why):
    _, analysis = analysed(*sources)
    assert analysis.reasons[name] == why
    assert [line.partition(": ")[2] for line in report.left(analysis) if f"`{name}`: " in line] == [f"`{name}`: {why}"]
    assert name not in analysis.moved


def test_what_runs_at_another_time_is_another_module():
    cells, analysis = analysed(
        "import os\ndef f():\n    return os.sep", "os.environ['A'] = '1'", "import json\ndef g():\n    return json, f()"
    )
    grouped = modules.group(cells, analysis)
    assert [(module.name, [s.name for s in module.statements]) for module in grouped] == [
        ("helpers", ["f"]),
        ("helpers_2", ["g"]),
    ]
    assert modules.text(grouped[1], grouped, analysis, "pkg") == (
        '"""Helpers."""\n\nimport json\nfrom pkg.helpers import f\n\n\ndef g():\n    return json, f()\n'
    )


def test_a_module_that_only_the_notebook_writes_is_imported_no_earlier():
    _, analysis = analysed("def early():\n    return written", "import written", "def late():\n    return written")
    assert analysis.moved == {"late"}


def test_a_constant_that_nobody_who_moves_reads_stays_in_the_story():
    _, analysis = analysed("n = 3\nLIMIT = 4\nm = 5\ndef f():\n    return m")
    assert analysis.moved == {"LIMIT", "m", "f"}


def test_the_lines_around_what_moves_keep_their_bytes():
    source = (
        "#  title\nx  =  open\n\n# above\n# g\ndef g( a ):\n    return a   # odd\n\n\n# apart\n\nprint( g(1) )  # end"
    )
    cells, analysis = analysed(source)
    grouped = modules.group(cells, analysis)
    assert modules.driver(cells, grouped, analysis, "pkg")[0].source == (
        "#  title\nx  =  open\n\nfrom pkg.helpers import g\n\n\n# apart\n\nprint( g(1) )  # end"
    )
    assert modules.text(grouped[0], grouped, analysis, "pkg").endswith(
        "\n\n\n# above\n# g\ndef g( a ):\n    return a   # odd\n"
    )


@pytest.mark.parametrize("count", [100, 900])
def test_code_of_any_depth_is_divided_or_left_alone(count):
    sources = f"X = {'+'.join('1' * count)}", "def f():\n    return X"
    cells, analysis = analysed(*sources)
    assert "f" in analysis.moved or "f" in analysis.reasons
    driver = modules.driver(cells, modules.group(cells, analysis), analysis, "pkg")
    assert driver[0].source in {sources[0], "from pkg.settings import X"}
