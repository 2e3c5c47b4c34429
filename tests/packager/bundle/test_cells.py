import ast
import re
from dataclasses import replace

import pytest

from kernelwright.bundle.cells import Cell, bootstrap_cell, compose, driver_digest
from kernelwright.bundle.source_tree import DriverPlacement, SourceFile, SourceTree

PLACEMENT = DriverPlacement(file="main.py")
MARKDOWN = Cell(kind="markdown", source="# Title")
CODE = Cell(kind="code", source="go()")
HERE = Cell(kind="markdown", source="## Modules", metadata={"tags": ["modules"]})


def file(path="p/a.py", data=b"x = 1\n", origin="p", **more):
    return SourceFile(path=path, data=data, origin=origin, **more)


def composed(driver, *files, **options):
    tree = SourceTree(files=files, graph={}, placement=PLACEMENT)
    return compose(tree, driver, bootstrap_cell("SET UP", "{}"), **options)


def sources(cells):
    return [cell.source for cell in cells]


MODULE = ["### `p/a.py`\n\nAbout &lt;a&gt; \\$x\\$", "%%module p/a.py\nx = 1\n"]
LIST = """**The modules of this notebook**
follow, each written to a file by a cell of its own; the folded cell sets that up and brings what they need.

<details><summary>The list of modules: 1</summary>

- [`p/a.py`](#p/a.py) · About &lt;a&gt; \\$x\\$

</details>"""
A = file(module="p.a", syntax=ast.parse('"""About <a> $x$"""'))


def test_the_opening_comes_first_then_contents_set_up_modules_and_the_driver():
    assert sources(composed([MARKDOWN, CODE], A)) == ["# Title", LIST, "SET UP", *MODULE, "go()"]


def test_without_an_opening_the_set_up_is_first():
    assert sources(composed([CODE], A)) == [LIST, "SET UP", *MODULE, "go()"]


def test_a_cell_tagged_modules_moves_them_behind_it():
    assert sources(composed([MARKDOWN, CODE, HERE, CODE], A)) == [
        "# Title",
        LIST,
        "SET UP",
        "go()",
        "## Modules",
        *MODULE,
        "go()",
    ]


def test_modules_of_a_dataset_are_listed_and_not_shown():
    contents, *rest = sources(composed([CODE], replace(A, carrier="dataset")))
    assert contents.split("\n")[1].startswith("come out of an attached dataset; the folded cell sets that up")
    assert "\n- `p/a.py` · About" in contents
    assert rest == ["SET UP", "go()"]


def test_the_runtime_has_no_cells_and_is_named_in_a_line():
    more = {"origin": "vendor kernelwright.runtime", "module": "kernelwright.runtime", "carrier": "bootstrap"}
    runtime = file("kernelwright/runtime/phase.py", **more)
    contents, *rest = sources(composed([CODE], runtime, A))
    assert "and brings what they need, `kernelwright.runtime` among them." in contents.split("\n")[1]
    assert rest == ["SET UP", *MODULE, "go()"]


@pytest.mark.parametrize(
    ("after", "link"),
    [
        (["## What it does\n\nMuch."], "The story goes on at [What it does](#What-it-does)."),
        (["no heading", "# Then"], "The story goes on at [Then](#Then)."),
        (["## `code` in it"], ""),
        ([], ""),
    ],
)
def test_the_list_leads_on_to_the_heading_behind_the_modules(after, link):
    cells = composed([MARKDOWN, *(Cell(kind="markdown", source=text) for text in after), CODE], A)
    assert cells[1].source.split("\n")[1].partition("they need.")[2].strip() == link


def test_cells_whose_files_the_project_hides_are_folded():
    cells = composed([CODE], A, file("q/b.py", origin="src/q"), hidden=re.compile("src/q/.*"))
    folded = [cell.metadata["kernelwright"]["file"] for cell in cells if cell.metadata.get("_kg_hide-input")]
    assert folded == ["kernelwright.json", "q/b.py"]
    assert [cell.metadata.get("jupyter") for cell in cells if cell.source.startswith("%%module")] == [
        None,
        {"source_hidden": True},
    ]


def test_cells_say_what_they_are_and_vendored_ones_are_folded():
    vendored = file("v.py", origin="vendor v", module="v")
    cells = composed([Cell(kind="code", source="go()", metadata={"tags": ["t"]})], A, vendored)
    marks = [cell.metadata["kernelwright"] for cell in cells]
    assert [mark.get("file", mark.get("driver")) for mark in marks] == [
        "contents",
        "kernelwright.json",
        "p/a.py",
        "p/a.py",
        "v.py",
        "v.py",
        0,
    ]
    assert marks[3] == {"file": "p/a.py", "sha256": A.sha256}
    assert cells[-1].metadata == {"tags": ["t"], "kernelwright": {"driver": 0}}
    folded = [cell.metadata["kernelwright"]["file"] for cell in cells if "_kg_hide-input" in cell.metadata]
    assert folded == ["kernelwright.json", "v.py"]


def test_ids_follow_from_what_a_cell_is_not_from_what_is_in_it():
    before, after = composed([CODE], A), composed([CODE], file(data=b"x = 2\n", module="p.a"))
    assert [cell.id for cell in before] == [cell.id for cell in after]
    assert len({cell.id for cell in before}) == len(before)
    assert all(len(cell.id) == 12 for cell in before)


def test_a_drivers_digest_is_of_kinds_texts_and_tags_in_order():
    tagged = Cell(kind="code", source="go()", metadata={"tags": ["slow"], "title": "Go"})
    shown = Cell(kind="raw", source="go()")
    drivers = [[CODE, MARKDOWN], [MARKDOWN, CODE], [CODE], [tagged], [shown], []]
    assert len({driver_digest(one) for one in drivers}) == len(drivers)
    placed = Cell(kind="code", source="go()", metadata={"tags": [], "kernelwright": {"driver": 0}}, id="1")
    assert driver_digest([placed]) == driver_digest([CODE])
