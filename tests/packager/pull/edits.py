"""A built notebook, edited, and what it would change."""

import json

from kernelwright.bundle.build import build_notebook
from kernelwright.project.model import load_project
from kernelwright.pull import plan as plans

MODULE = "toy/__init__.py"


def notebook(folder):
    return json.loads(build_notebook(load_project(folder)).data)


def source(cell):
    return "".join(cell["source"])


def code_cell(told, beginning):
    return next(cell for cell in told["cells"] if cell["cell_type"] == "code" and source(cell).startswith(beginning))


def edit(told, beginning, old, new):
    cell = code_cell(told, beginning)
    assert old in source(cell)
    cell["source"] = source(cell).replace(old, new)


def plan(folder, told, *, force=False):
    return plans.make_plan(load_project(folder), json.dumps(told).encode(), force=force)


def applied(folder, told, *, force=False):
    """Carry an edited notebook into the project; returns what was decided on each file."""
    made = plan(folder, told, force=force)
    plans.apply(load_project(folder), made)
    return [(change.action, change.place, change.what) for change in made.changes]


def recorded(folder):
    """Keep the notebook as a push does."""
    file = folder / ".kernelwright/pushed/1.ipynb"
    file.parent.mkdir(parents=True)
    file.write_bytes(build_notebook(load_project(folder)).data)
