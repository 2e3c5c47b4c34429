"""``kernelwright init``."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Template(StrEnum):
    """What a new project starts from."""

    images = "images"
    tabular = "tabular"


Target = Annotated[
    Path, typer.Argument(metavar="FOLDER", help="Where the project goes: a new folder, or an empty one.")
]
Start = Annotated[Template, typer.Option("--template", help="What the competition is about.")]


def init(folder: Target, template: Start = Template.tabular) -> None:
    """Start a project that builds, tests and rehearses at once."""
    from kernelwright.project import scaffold

    written = scaffold.start(folder, template)
    print("\n".join(f"{folder / path}" for path in written))
    print(f"\nnext: cd {folder} && kernelwright build && kernelwright rehearse")
