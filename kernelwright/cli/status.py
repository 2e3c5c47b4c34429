"""``kernelwright status``."""

import json
import sys
from functools import partial
from typing import Annotated

import typer

from kernelwright.cli.options import HERE, Folder, Json, Kernel, Poll
from kernelwright.cli.render import printable

Wait = Annotated[bool, typer.Option("--wait", help="Wait until the run has ended.")]


def status(
    project: Folder = HERE, kernel: Kernel = "", wait: Wait = False, poll: Poll = 10, as_json: Json = False
) -> None:
    """Show the status of the latest run on Kaggle.

    Exit status 1 if it failed or was cancelled, 0 if it is complete or has not ended.
    """
    from kernelwright.project.model import load_project
    from kernelwright.ship import client as clients
    from kernelwright.ship import remote_state
    from kernelwright.ship.client import Timeouts
    from kernelwright.ship.kernels import RemoteKernel

    loaded = load_project(project, kernel)
    name = loaded.metadata.id
    remote = RemoteKernel(client=clients.find(Timeouts(poll=poll)), ref=name)
    tell_aside = partial(print, file=sys.stderr, flush=True)
    now = remote.wait(tell_aside, shows_log=False) if wait else remote.status()
    latest = remote.notebook()
    push = remote_state.find_push(loaded, latest)
    version = push.version if push else (latest.latest if latest else 0) or None
    if as_json:
        answer = {"kernel": name, "version": version, "commit": push.commit if push else None}
        print(json.dumps({**answer, "status": now.word, "message": now.message}))
    else:
        origin = f"commit {push.commit[:12] or 'none'}" if push else "not pushed from here"
        print(f"{name}: {f'version {version}' if version else 'the latest version'}, {origin}: {printable(str(now))}")
    now.raise_if_failed(name)
