"""What a check finds, and projects spoilt for it."""

import textwrap

from kernelwright.bundle import build
from kernelwright.check.context import Context
from kernelwright.check.run import run_checks
from kernelwright.project.model import load_project


def told(folder, kernel=""):
    return [(one.check, one.severity.value, one.location, one.message) for one in run_checks(folder, kernel)]


def with_driver(folder, text):
    """Append a cell to the driver, before the one that writes the submission."""
    cell = f"# %%\n{textwrap.dedent(text).strip()}\n\n# %%\nsubmission.write"
    file = folder / "main.py"
    file.write_text(file.read_text().replace("# %%\nsubmission.write", cell))


def with_module(folder, text):
    file = folder / "toy/__init__.py"
    file.write_text(file.read_text() + textwrap.dedent(text))


def found(folder, check):
    return [one for one in run_checks(folder) if one.check == check]


def assembled(folder):
    """Return what the checks of a notebook are called with."""
    project = load_project(folder)
    return Context(project=project, built=build.build_notebook(project, limit=None))
