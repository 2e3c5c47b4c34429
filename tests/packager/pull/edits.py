"""A built notebook, edited, and what it would change."""

import json
import re

from kernelwright.bundle.build import build_notebook
from kernelwright.project.model import load_project
from kernelwright.pull import plan as plans

MODULE = "toy/__init__.py"


def notebook(folder):
    return json.loads(build_notebook(load_project(folder)).data)


def earlier_notebook(folder):
    """Build a notebook as it was before the bootstrap cell packed the runtime, whose files had cells of their own."""
    built = build_notebook(load_project(folder))
    told = json.loads(built.data)
    at = next(at for at, cell in enumerate(told["cells"]) if source(cell).startswith("# Set-up")) + 1
    set_up = told["cells"][at - 1]
    set_up["source"] = re.sub(r"(?s)_set_up\(_config, \{.*\}\)\ndel", "_set_up(_config, {})\ndel", source(set_up))
    for file in [file for file in built.tree.files if file.vendored][::-1]:
        noted = {"kernelwright": {"file": file.path, "sha256": file.sha256}}
        told["cells"][at:at] = [
            {"cell_type": "markdown", "metadata": noted, "source": f"### `{file.path}`\n\n{file.summary}"},
            {"cell_type": "code", "metadata": noted, "source": f"%%module {file.path}\n{file.text}"},
        ]
    return told


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
