"""The options every command takes."""

from math import inf
from pathlib import Path
from typing import Annotated

import typer

Folder = Annotated[Path, typer.Option("--project", metavar="DIR", help="The project's folder.")]
Kernel = Annotated[str, typer.Option("--kernel", metavar="NAME", help="One of the project's further kernels.")]
Json = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]


def _seconds(value: float) -> float:
    if not 0 < value < inf:
        raise typer.BadParameter(f"{value:g} is no time to wait; give seconds above 0")
    return value


Poll = Annotated[
    float, typer.Option("--poll", metavar="SECONDS", callback=_seconds, help="How long to wait between two looks.")
]

HERE = Path()
