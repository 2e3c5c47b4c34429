"""``kernelwright configure``."""

from typing import Annotated

import typer

from kernelwright.cli.options import HERE, Folder

Owner = Annotated[str, typer.Option("--owner", metavar="NAME", help="Your user name on Kaggle.")]


def configure(project: Folder = HERE, owner: Owner = "") -> None:
    """Write your user name wherever Kaggle needs it: in the ids of kernels and of your datasets."""
    from kernelwright.project import owner as owners

    if not owner:
        raise typer.BadParameter("name yourself, as in: kernelwright configure --owner NAME")
    for line in owners.write(project, owner) or [f"nothing to change: {owner} is there already"]:
        print(line)
