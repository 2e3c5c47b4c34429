import pytest

from kernelwright.adopt import installs
from kernelwright.bundle.cells import Cell

IMAGE = {"pandas": "2.2.2", "numpy": "2.0.2"}


@pytest.mark.parametrize(
    ("line", "provided", "lacking"),
    [
        ("!pip install -q pandas", ("pandas",), ()),
        ("%pip install tinysegmenter>=0.3 pandas  # both", ("pandas",), ("tinysegmenter>=0.3",)),
        ("pip install Tiny_Segmenter", (), ("Tiny_Segmenter",)),
        ("!python -m pip install -U tinysegmenter > /dev/null 2>&1", (), ("tinysegmenter",)),
        ("!pip install 'pandas<3'", ("pandas<3",), ()),
    ],
)
def test_a_line_that_installs_by_name_goes(line, provided, lacking):
    first = Cell(kind="code", source="x = 0")
    source = f"{line}\nx = 1" if line[0] in "!%" else line
    kept, removed = installs.remove_all([first, Cell(kind="code", source=source)], IMAGE)
    assert [cell.source for cell in kept] == ["x = 0", "x = 1" if line[0] in "!%" else ""]
    assert [(line.cell, line.provided, line.lacking) for line in removed] == [(1, provided, lacking)]


@pytest.mark.parametrize(
    "text",
    [
        "!pip install pandas==1.0",  # the image has another one
        "!pip install -U pandas",
        "!pip install git+https://example.com/x.git",
        "!pip install -r requirements.txt",
        "!pip install ../input/wheels/x-1.0-py3-none-any.whl",
        "!pip install --no-index --find-links ../input/wheels x",
        "x = '''\npip install pandas\n'''",
        "%%bash\npip install tinysegmenter",
        "# !pip install tinysegmenter",
    ],
)
def test_any_other_line_stays(text):
    cells = [Cell(kind="code", source=text)]
    assert installs.remove_all(cells, IMAGE) == (cells, [])
