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


def before_and_after(seed):
    """Return what a random notebook prints before and after, and the names that are neither moved nor reported."""
    cells = random_notebooks.notebook(random.Random(seed))
    driver, texts, analysis = random_notebooks.divide(cells)
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder) / "random_kernel"
        package.mkdir()
        for name, text in {"__init__": "", **texts}.items():
            (package / f"{name}.py").write_text(text)
        before, after = random_notebooks.run(cells), random_notebooks.run(driver, folder)
    reported = "\n".join(report.left(analysis))
    names = {s.name for s in analysis.statements if isinstance(s.node, Definition)}
    return before, after, [name for name in names if name not in analysis.moved and f"`{name}`: " not in reported]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**9))
def test_what_moves_does_the_same(seed):
    before, after, unsaid = before_and_after(seed)
    assert (after, unsaid) == (before, [])


@pytest.mark.full
@settings(max_examples=1500, deadline=None)
@given(st.integers(0, 10**9))
def test_what_moves_does_the_same_in_many_notebooks(seed):
    before, after, unsaid = before_and_after(seed)
    assert (after, unsaid) == (before, [])
