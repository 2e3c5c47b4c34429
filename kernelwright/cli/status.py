"""``kernelwright status``."""

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from kernelwright.cli.options import HERE, Folder, Json, Kernel, Poll
from kernelwright.errors import ClientFailed

if TYPE_CHECKING:
    from kernelwright.ship.kernels import Status
    from kernelwright.ship.push_log import Push

Wait = Annotated[bool, typer.Option("--wait", help="Wait until the run has ended.")]


def status(
    project: Folder = HERE, kernel: Kernel = "", wait: Wait = False, poll: Poll = 10, as_json: Json = False
) -> None:
    """Tell how the latest run on Kaggle fares.

    Exit status 1 if it failed or was cancelled, 0 if it is complete or still going.
    """
    from kernelwright.project.model import load_project
    from kernelwright.ship import client as clients
    from kernelwright.ship import kernels, remote_state

    loaded = load_project(project, kernel)
    name, client = loaded.metadata.id, clients.find(clients.Pace(poll=poll))
    now = kernels.wait(client, name, _aside, shows_log=False) if wait else kernels.status(client, name)
    there = kernels.source(client, name)
    push = remote_state.pushed(loaded, there)
    version = push.version if push else (there.latest if there else 0) or None
    if as_json:
        commit = push.commit if push else None
        told = {"kernel": name, "version": version, "commit": commit, "status": now.word, "message": now.message}
        print(json.dumps(told))
    else:
        print(f"{name}: {_which(version, push)}: {now.told}")
    failed(name, now)


def _which(version: int | None, push: "Push | None") -> str:
    named = f"version {version}" if version else "the latest version"
    return f"{named}, commit {push.commit[:12] or 'none'}" if push else f"{named}, not pushed from here"


def _aside(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def failed(name: str, now: "Status") -> None:
    """Raise `ClientFailed` with Kaggle's reason unless the run is complete or going."""
    if not now.is_going and now.word != "COMPLETE":
        known = {"ERROR": "failed", "CANCEL_ACKNOWLEDGED": "was cancelled"}
        word = known.get(now.word, f"ended with {now.word}")
        reason = now.message or "Kaggle gives no reason; see `kernelwright logs`"
        raise ClientFailed(f"{name}: the run {word}: {reason}")
