"""``kernelwright submit``."""

import sys
from typing import TYPE_CHECKING, Annotated

import click
import typer

from kernelwright.cli.options import HERE, Folder, Kernel, Poll
from kernelwright.errors import ClientFailed

if TYPE_CHECKING:
    from kernelwright.project.model import Project
    from kernelwright.ship.client import Client
    from kernelwright.ship.push_log import Push

Version = Annotated[int | None, typer.Option("--version", metavar="N", help="Which.  [default: the last pushed]")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Again = Annotated[bool, typer.Option("--again", help="Though this version was submitted.")]


def submit(
    project: Folder = HERE,
    kernel: Kernel = "",
    version: Version = None,
    yes: Yes = False,
    again: Again = False,
    poll: Poll = 60,
) -> None:
    """Submit a pushed version to the competition, and wait for its score.

    A version that was submitted is not submitted twice: its score is waited for.
    """
    from kernelwright.project.model import load_project
    from kernelwright.ship import client as clients
    from kernelwright.ship import submissions

    loaded = load_project(project, kernel)
    name = submissions.competition(loaded)
    chosen = _chosen(loaded, version)
    client = clients.find(clients.Pace(poll=poll))
    told = submissions.message(chosen)
    before = submissions.last(client, name, told) if again else 0
    if again or not submissions.was_made(loaded, client, chosen):
        _ask(client, name, chosen, yes=yes)
        submissions.submit(loaded, client, chosen)
    submissions.record(loaded, chosen)
    score = submissions.wait(client, name, told, print, before)
    if score.errored:
        reason = "the rerun on hidden data failed, and Kaggle shows no traceback; rehearse its rerun phase"
        raise ClientFailed(f"{name}: version {chosen.version}: {score.word.lower()} without a score: {reason}")
    private = f", private {score.private}" if score.private else ""
    print(f"{name}: version {chosen.version}: public {score.public or 'none'}{private}")


def _chosen(project: "Project", version: int | None) -> "Push":
    from kernelwright.ship import push_log

    known = push_log.pushes(project.root, project.metadata.id)
    chosen = [one for one in known if version in {None, one.version}]
    if not chosen:
        told = ", ".join(str(one.version) for one in known) or "none"
        raise ClientFailed(f"{project.metadata.id}: no such version was pushed from here; there is: {told}")
    return chosen[-1]


def _ask(client: "Client", name: str, chosen: "Push", *, yes: bool) -> None:
    from kernelwright.ship import submissions

    left = submissions.remaining(client, name)
    print(f"{name}: {left} {'submission' if left == 1 else 'submissions'} left today")
    if left < 1:
        raise ClientFailed(f"{name}: no submission is left today; the count starts again at midnight UTC")
    if not yes and not sys.stdin.isatty():
        raise click.UsageError("nobody is there to be asked; submit with --yes")
    if not yes and not typer.confirm(f"submit version {chosen.version} of {chosen.kernel}?"):
        raise typer.Abort
