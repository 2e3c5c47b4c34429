"""The options every command takes."""

from pathlib import Path
from typing import Annotated

import typer

Folder = Annotated[Path, typer.Option("--project", metavar="DIR", help="The project's folder.")]
Kernel = Annotated[str, typer.Option("--kernel", metavar="NAME", help="One of the project's further kernels.")]
Json = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]

HERE = Path()
