import pytest

from kernelwright.adopt import statements
from kernelwright.bundle.cells import Cell


@pytest.mark.parametrize(
    "texts",
    [
        ["x = 1 \\\n# about f\n", "def f():\n    return 2\n"],
        ["x = (data\n    .mean()) \\\n\n", "y = 2\n"],
        ["x = 1; \\\ny = 2\n", "z = 3\n"],
        ["x = 1  # ends in \\\n", "y = 2\n"],
        ["if x:\n    y = 1\n    # of the branch\n", "z = 3\n"],
        ["match x:\n    case 1:\n        y = 1\n        # of the case\n", "z = 3\n"],
    ],
)
def test_a_cell_is_divided_between_its_statements(texts):
    read = statements.read([Cell(kind="code", source="".join(texts).removesuffix("\n"))])
    assert [statement.text for statement in read] == texts
