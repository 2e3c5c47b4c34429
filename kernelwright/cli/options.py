"""The options that many commands take."""

from math import inf
from pathlib import Path
from typing import Annotated

import typer


def _find_project(context: typer.Context, folder: Path) -> Path:
    """Look for the project from the current folder upwards, unless it was named."""
    source = context.get_parameter_source("project")
    if source is None or source.name != "DEFAULT":
        return folder
    from kernelwright.project.model import find_root

    root = find_root(folder)
    return folder if root == folder.resolve() else root  # so that paths are shown as they were


def _seconds(value: float) -> float:
    if not 0 < value < inf:
        raise typer.BadParameter(f"{value:g} is no time to wait; give seconds above 0")
    return value


Folder = Annotated[
    Path,
    typer.Option(
        "--project",
        metavar="DIR",
        callback=_find_project,
        show_default="the current folder, or the nearest above it that is a project",
        help="The project's folder.",
    ),
]
Kernel = Annotated[str, typer.Option("--kernel", metavar="NAME", help="A further kernel of the project.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Poll = Annotated[float, typer.Option("--poll", metavar="SECONDS", callback=_seconds, help="Seconds between two polls.")]

HERE = Path()
