"""``kernelwright push``."""

from typing import TYPE_CHECKING, Annotated

import typer

from kernelwright.cli.options import HERE, Folder, Kernel, Poll
from kernelwright.cli.render import show_findings, tell

if TYPE_CHECKING:
    from kernelwright.project.model import Project
    from kernelwright.ship.client import Client
    from kernelwright.ship.push_log import Push

Wait = Annotated[bool, typer.Option("--wait", help="Follow the run and its log to the end; download the output.")]
Dry = Annotated[bool, typer.Option("--dry-run", help="Print each request and send none.")]
Skip = Annotated[bool, typer.Option("--skip-rehearsal", help="Push without a rehearsal; this is recorded.")]
Again = Annotated[bool, typer.Option("--again", help="Push even if the last version is this very notebook.")]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Push over edits made on Kaggle and over foreign dataset files.")
]
Public = Annotated[bool, typer.Option("--public-datasets", help="Make the datasets visible to everybody.")]


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
    """Build, check and push: datasets that changed, then the notebook, with their versions pinned.

    If it is interrupted, run it again: no step is taken twice.
    """
    from kernelwright.check.run import run_checks
    from kernelwright.project.model import load_project
    from kernelwright.ship import client as clients
    from kernelwright.ship import payload
    from kernelwright.ship import push as pushing
    from kernelwright.ship.client import Timeouts

    loaded = load_project(project, kernel)
    options = pushing.PushOptions(
        skip_rehearsal=skip_rehearsal, again=again, overwrite=overwrite, public_datasets=public_datasets
    )
    pushing.rebuild(loaded)
    findings = run_checks(loaded.root, loaded.kernel)
    blocking = pushing.blocking(findings, options)
    if len(blocking) > 1:  # one is named by the refusal
        show_findings(findings)
    pushing.refuse(blocking)
    for finding in findings:
        print(f"{finding.severity}: {finding.location}: {finding.message}")
    if dry_run:
        with pushing.hold_push_lock(loaded):
            print(*payload.describe_requests(loaded, loaded.notebook.read_bytes()), sep="\n")
        return
    client = clients.find(Timeouts(poll=poll))
    pushed = pushing.push(loaded, client, options, tell)
    if wait:
        _follow(loaded, client, pushed)


def _follow(project: "Project", client: "Client", push: "Push") -> None:
    """Follow the run to its end, see that it is this push's, record how it ended, fetch its output."""
    from kernelwright.ship import output, push_log
    from kernelwright.ship import push as pushing
    from kernelwright.ship.kernels import RemoteKernel

    remote = RemoteKernel(client=client, ref=push.kernel)
    ended = remote.wait(tell)
    pushing.check_run_version(project, remote, push)
    push_log.record_run(project.root, push, ended.word)
    ended.raise_if_failed(push.kernel)
    output.fetch(project, remote, project.output, tell)
