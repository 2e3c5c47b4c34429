import ast
import logging
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from kernelwright.pull import percent_script
from kernelwright.runtime.phase import Name
from landmarks.notebook_figures import NotebookFigures
from landmarks.settings import Settings
from landmarks.visualise import figures
from landmarks.visualise.canvas import Figure

FIGURE = Figure("drawn")
DRIVER = Path(__file__).parents[2] / "kernel_src" / "main.py"


@pytest.fixture
def notebook(monkeypatch):
    """A notebook runs this, and its first scene is quickly drawn."""
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=object))
    monkeypatch.setattr(figures, "data", lambda _: FIGURE)


def draw_nothing(_):
    raise OSError("no pictures today")


@pytest.mark.parametrize("phase", [Name.COMMIT, Name.INTERACTIVE, Name.LOCAL])
def test_pictures_are_drawn_where_somebody_looks(notebook, phase):
    assert NotebookFigures(phase, Settings()).data() is FIGURE


def test_the_rerun_draws_nothing(notebook, monkeypatch):
    monkeypatch.setattr(figures, "data", draw_nothing)
    assert NotebookFigures(Name.RERUN, Settings()).data() is None


def test_a_script_without_a_notebook_draws_nothing(monkeypatch):
    monkeypatch.setattr(figures, "data", draw_nothing)
    assert NotebookFigures(Name.LOCAL, Settings()).data() is None


@pytest.mark.parametrize("fault", [OSError("no pictures today"), SystemExit(3), MemoryError()])
def test_a_picture_that_fails_is_logged_and_ends_nothing(notebook, monkeypatch, caplog, fault):
    def fail(_):
        raise fault

    monkeypatch.setattr(figures, "data", fail)
    with caplog.at_level(logging.ERROR):
        assert (
            NotebookFigures(Name.COMMIT, Settings()).data().text == "This picture could not be drawn; the log says why."
        )
    assert caplog.records[-1].exc_info[1] is fault


def test_after_the_deadline_there_is_a_line_instead(notebook):
    assert NotebookFigures(Name.LOCAL, Settings(deadline_hours=0)).data().text == "No time is left for this picture."


def test_under_a_cell_of_the_driver_stands_what_the_story_draws_and_no_stray_value():
    cells = percent_script.read(DRIVER.read_text("utf-8"))
    last = [ast.parse(cell.source).body[-1] for cell in cells if cell.kind == "code"]
    shown = [ast.unparse(statement) for statement in last if isinstance(statement, ast.Expr)]
    assert shown == [
        "figures.data()",
        "figures.neighbours(steps)",
        "figures.pairs(steps)",
        "figures.mistakes(steps)",
        "figures.gap(steps)",
        "stages.log()",
    ]
