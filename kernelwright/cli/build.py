"""``kernelwright build``."""

import sys
from typing import Annotated

import typer

from kernelwright.cli.options import HERE, Folder, Kernel
from kernelwright.cli.render import printable

Check = Annotated[bool, typer.Option("--check", help="Write nothing; exit with 1 if the notebook on disk is stale.")]


def build(project: Folder = HERE, kernel: Kernel = "", check: Check = False) -> None:
    """Build the notebook that `kaggle kernels push` sends."""
    from kernelwright.bundle import build as building
    from kernelwright.project.model import load_project

    loaded = load_project(project, kernel)
    notebook = loaded.notebook
    name = notebook.relative_to(loaded.root) if notebook.is_relative_to(loaded.root) else notebook
    if not check:
        building.build(loaded)
        print(f"{name}: {notebook.stat().st_size:,} bytes")
        return
    from kernelwright.bundle import notebook_diff

    if lines := notebook_diff.differences(loaded, building.build_notebook(loaded)):
        print(f"{name} is stale; `kernelwright build` would change:", file=sys.stderr)
        print("\n".join(f"  {printable(line)}" for line in lines), file=sys.stderr)
        raise typer.Exit(1)
    print(f"{name} is up to date")
