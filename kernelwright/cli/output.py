"""``kernelwright output``."""

from pathlib import Path
from typing import Annotated

import typer

from kernelwright.cli.options import HERE, Folder, Kernel

To = Annotated[
    Path | None, typer.Option("--to", metavar="DIR", help="The folder to write to.", show_default="build/output")
]


def output(project: Folder = HERE, kernel: Kernel = "", to: To = None) -> None:
    """Download what the latest run on Kaggle wrote, and check the submission.

    Exit status 1 if the submission is missing or could not be scored.
    """
    from kernelwright.project.model import load_project
    from kernelwright.ship import client as clients
    from kernelwright.ship import output as outputs
    from kernelwright.ship.kernels import RemoteKernel

    loaded = load_project(project, kernel)
    remote = RemoteKernel(client=clients.find(), ref=loaded.metadata.id)
    outputs.fetch(loaded, remote, to or loaded.output, print)
