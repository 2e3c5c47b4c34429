"""``kernelwright push``."""

from typing import TYPE_CHECKING, Annotated

import typer

from kernelwright.cli.options import HERE, Folder, Kernel, Poll

if TYPE_CHECKING:
    from kernelwright.project.model import Project
    from kernelwright.ship.client import Client
    from kernelwright.ship.push import Wishes
    from kernelwright.ship.push_log import Push

Wait = Annotated[bool, typer.Option("--wait", help="Follow the run and its log to the end; fetch the output.")]
Dry = Annotated[bool, typer.Option("--dry-run", help="Print each request, make none.")]
Skip = Annotated[bool, typer.Option("--skip-rehearsal", help="Push without a rehearsal; this is recorded.")]
Again = Annotated[bool, typer.Option("--again", help="Push though the last version is this very notebook.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Push over edits made on Kaggle that are not here.")]
Public = Annotated[bool, typer.Option("--public-datasets", help="Let everybody see the datasets made here.")]


def push(
    project: Folder = HERE,
    kernel: Kernel = "",
    wait: Wait = False,
    dry_run: Dry = False,
    skip_rehearsal: Skip = False,
    again: Again = False,
    overwrite: Overwrite = False,
    public_datasets: Public = False,
    poll: Poll = 10,
) -> None:
    """Build, check and push: datasets where they changed, then the notebook, with their versions pinned.

    Interrupted anywhere, run it again: what was done is not done twice.
    """
    from kernelwright.project.model import load_project
    from kernelwright.ship import client as clients
    from kernelwright.ship import payload
    from kernelwright.ship import push as shipping

    loaded = load_project(project, kernel)
    wishes = shipping.Wishes(
        skip_rehearsal=skip_rehearsal, again=again, overwrite=overwrite, public_datasets=public_datasets
    )
    _check(loaded, kernel, wishes)
    if dry_run:
        with shipping.hold_push_lock(loaded):
            print(*payload.planned(loaded, loaded.notebook.read_bytes()), sep="\n")
        return
    client = clients.find(clients.Pace(poll=poll))
    push = shipping.ship(loaded, client, wishes, _tell)
    if wait:
        _follow(loaded, client, push)


def _tell(line: str) -> None:
    print(line, flush=True)


def _check(project: "Project", kernel: str, wishes: "Wishes") -> None:
    from kernelwright.check.run import run_checks
    from kernelwright.cli.check import show
    from kernelwright.ship import push as shipping

    shipping.brought_up_to_date(project)
    found = run_checks(project.root, kernel)
    if stopping := shipping.stopping(found, wishes):
        if len(stopping) > 1:
            show(found)
        shipping.refuse(stopping)
    for one in found:
        print(f"{one.severity}: {one.location}: {one.message}")


def _follow(project: "Project", client: "Client", push: "Push") -> None:
    from kernelwright.cli.status import failed
    from kernelwright.ship import kernels, output, push_log
    from kernelwright.ship import push as shipping

    ended = kernels.wait(client, project.metadata.id, _tell)
    shipping.see_that_it_ran(project, client, push)
    push_log.ran(project.root, push, ended.word)
    failed(project.metadata.id, ended)
    output.fetch(project, client, project.output, _tell)
