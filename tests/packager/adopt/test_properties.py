"""Whatever a notebook defines, and however its definitions read one another: what moves does the same."""

import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernelwright.adopt import report
from kernelwright.adopt.statements import Definition
from tests.packager.adopt import random_notebooks

pytestmark = pytest.mark.filterwarnings("ignore:coroutine:RuntimeWarning")


def holds(seed):
    """Compare what a random notebook prints before and after, and look for what is neither moved nor reported."""
    cells = random_notebooks.notebook(random.Random(seed))
    driver, texts, analysis = random_notebooks.divide(cells)
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder) / "random_kernel"
        package.mkdir()
        for name, text in {"__init__": "", **texts}.items():
            (package / f"{name}.py").write_text(text)
        assert random_notebooks.run(driver, folder) == random_notebooks.run(cells)
    said = "\n".join(report.left(analysis))
    names = {s.name for s in analysis.statements if isinstance(s.node, Definition)}
    assert [name for name in names if name not in analysis.moved and f"`{name}`: " not in said] == []


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**9))
def test_what_moves_does_the_same(seed):
    holds(seed)


@pytest.mark.full
@settings(max_examples=1500, deadline=None)
@given(st.integers(0, 10**9))
def test_what_moves_does_the_same_in_many_notebooks(seed):
    holds(seed)
