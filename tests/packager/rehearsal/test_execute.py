"""What stands in for papermill's own way to save."""

import json

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from papermill.engines import NotebookExecutionManager
from papermill.iorw import load_notebook_node

from kernelwright.rehearsal import execute


@pytest.fixture
def manager(tmp_path, monkeypatch):
    monkeypatch.setattr(NotebookExecutionManager, "save", execute.save)
    notebook = new_notebook(cells=[new_code_cell("print('é')"), new_code_cell("print(2)")])
    nbformat.write(notebook, tmp_path / "in.ipynb")
    notebook = load_notebook_node(str(tmp_path / "in.ipynb"))
    return NotebookExecutionManager(notebook, output_path=str(tmp_path / "out.ipynb"), progress_bar=False)


def test_the_notebook_is_saved_before_and_after_each_cell_with_what_it_printed_so_far(manager, tmp_path):
    manager.notebook_start()
    first = manager.nb.cells[0]
    statuses = []
    for step in (manager.cell_start, manager.cell_complete):
        first.outputs = [new_output("stream", name="stdout", text="é\n")]
        step(first, 0)
        saved = nbformat.read(tmp_path / "out.ipynb", as_version=4)
        assert saved.cells[0].outputs == first.outputs
        statuses.append([cell.metadata.papermill["status"] for cell in saved.cells])
    assert statuses == [["running", "pending"], ["completed", "pending"]]


def test_it_is_saved_on_one_line_and_as_papermill_has_it(manager, tmp_path):
    manager.notebook_start()
    text = (tmp_path / "out.ipynb").read_text("utf-8")
    assert text.count("\n") == 0
    assert json.loads(text) == manager.nb


def test_a_second_cell_is_saved_at_once_and_not_after_papermills_pause(manager, tmp_path):
    manager.notebook_start()
    for number, cell in enumerate(manager.nb.cells):
        manager.cell_start(cell, number)
        manager.cell_complete(cell, number)
    saved = nbformat.read(tmp_path / "out.ipynb", as_version=4)
    assert [cell.metadata.papermill["status"] for cell in saved.cells] == ["completed", "completed"]
