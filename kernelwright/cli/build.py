"""``kernelwright build``."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from kernelwright.cli.options import HERE, Folder, Kernel
from kernelwright.cli.render import printable

if TYPE_CHECKING:
    from kernelwright.project.model import Project

Check = Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 when the notebook on disk is stale.")]


def build(project: Folder = HERE, kernel: Kernel = "", check: Check = False) -> None:
    """Build the notebook that `kaggle kernels push` sends."""
    from kernelwright.bundle import build as building
    from kernelwright.project.model import load_project

    loaded = load_project(project, kernel)
    if check:
        _check(loaded)
        return
    building.build(loaded)
    print(f"{_name(loaded)}: {loaded.notebook.stat().st_size:,} bytes")


def _name(project: "Project") -> str:
    notebook = project.notebook
    return str(notebook.relative_to(project.root) if notebook.is_relative_to(project.root) else notebook)


def _check(project: "Project") -> None:
    from kernelwright.bundle import build as building
    from kernelwright.bundle import notebook_diff

    lines = notebook_diff.differences(project, building.build_notebook(project))
    if lines:
        print(f"{_name(project)} is stale; `kernelwright build` would change:", file=sys.stderr)
        print("\n".join(f"  {printable(line)}" for line in lines), file=sys.stderr)
        raise typer.Exit(1)
    print(f"{_name(project)} is up to date")
