"""``kernelwright submit``."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from kernelwright.cli.options import HERE, Folder, Kernel, Poll
from kernelwright.errors import ClientFailed

if TYPE_CHECKING:
    from kernelwright.ship.client import Client
    from kernelwright.ship.push_log import Push

Version = Annotated[
    int | None, typer.Option("--version", metavar="N", help="The version to submit.", show_default="the last pushed")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")]
Again = Annotated[bool, typer.Option("--again", help="Submit even if this version was submitted already.")]


def submit(
    project: Folder = HERE,
    kernel: Kernel = "",
    version: Version = None,
    yes: Yes = False,
    again: Again = False,
    poll: Poll = 60,
) -> None:
    """Submit a pushed version to the competition, and wait for its score.

    A version that was already submitted is not submitted again; the command waits for its score.
    """
    from kernelwright.project.model import load_project
    from kernelwright.ship import client as clients
    from kernelwright.ship import push_log, submissions
    from kernelwright.ship.client import Timeouts

    loaded = load_project(project, kernel)
    name = submissions.competition(loaded)
    pushes = push_log.pushes(loaded.root, loaded.metadata.id)
    chosen = [push for push in pushes if version in {None, push.version}]
    if not chosen:
        versions = ", ".join(str(push.version) for push in pushes) or "none"
        raise ClientFailed(f"{loaded.metadata.id}: no such version was pushed from here; there is: {versions}")
    push = chosen[-1]
    client = clients.find(Timeouts(poll=poll))
    message = submissions.message(push)
    before = submissions.latest(client, name, message) if again else None
    if again or not submissions.was_submitted(loaded, client, push):
        _confirm(client, name, push, yes=yes)
        submissions.submit(loaded, client, push)
    submissions.record(loaded, push)
    score = submissions.wait(client, name, message, print, before.number if before else 0)
    if score.failed:
        reason = "the rerun on hidden data failed, and Kaggle shows no traceback; rehearse its rerun phase"
        raise ClientFailed(f"{name}: version {push.version}: {score.word.lower()} without a score: {reason}")
    private = f", private {score.private}" if score.private else ""
    print(f"{name}: version {push.version}: public {score.public or 'none'}{private}")


def _confirm(client: "Client", name: str, push: "Push", *, yes: bool) -> None:
    from kernelwright.ship import submissions

    left = submissions.remaining(client, name)
    print(f"{name}: {left} {'submission' if left == 1 else 'submissions'} left today")
    if left < 1:
        raise ClientFailed(f"{name}: no submission is left today; the count starts again at midnight UTC")
    if not yes and not sys.stdin.isatty():
        raise typer.BadParameter("needed, because nobody is here to be asked", param_hint="--yes")
    if not yes and not typer.confirm(f"submit version {push.version} of {push.kernel}?"):
        raise typer.Abort
