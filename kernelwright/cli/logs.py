"""``kernelwright logs``."""

from typing import Annotated

import typer

from kernelwright.cli.options import HERE, Folder, Kernel
from kernelwright.cli.render import tell

Follow = Annotated[bool, typer.Option("--follow", "-f", help="Follow the log until the run has ended.")]


def logs(project: Folder = HERE, kernel: Kernel = "", follow: Follow = False) -> None:
    """Print the log of the latest run on Kaggle."""
    from kernelwright.project.model import load_project
    from kernelwright.ship import client as clients
    from kernelwright.ship.kernels import RemoteKernel

    loaded = load_project(project, kernel)
    remote = RemoteKernel(client=clients.find(), ref=loaded.metadata.id)
    for line in remote.follow_log() if follow else remote.log():
        tell(line)
