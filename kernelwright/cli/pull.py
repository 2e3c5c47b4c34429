"""``kernelwright pull``."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kernelwright.cli.options import HERE, Folder, Json, Kernel
from kernelwright.cli.render import printable

if TYPE_CHECKING:
    from kernelwright.pull.plan import Change, Plan

From = Annotated[
    Path | None, typer.Option("--from", metavar="FILE", help="An edited notebook.", show_default="the one on Kaggle")
]
Apply = Annotated[bool, typer.Option("--apply", help="Write the edits into the sources instead of only showing them.")]

Force = Annotated[bool, typer.Option("--force", help="Accept a notebook that does not name this kernel.")]


def pull(
    project: Folder = HERE,
    kernel: Kernel = "",
    source: From = None,
    apply: Apply = False,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Bring edits made in a notebook back into the modules and the driver.

    Exit status 1 if an edit is in conflict with what changed here, or refused.
    """
    from kernelwright.errors import InvalidNotebook
    from kernelwright.project.model import load_project
    from kernelwright.pull import plan as plans

    loaded = load_project(project, kernel)
    if source is None:
        from kernelwright.ship import client as clients
        from kernelwright.ship.kernels import RemoteKernel

        name = loaded.metadata.id
        data = RemoteKernel(client=clients.find(), ref=name).latest_notebook()
    else:
        name = source.name
        try:
            data = source.read_bytes()
        except OSError as error:
            raise InvalidNotebook(f"{source}: cannot be read: {error.strerror or error}") from None
    plan = plans.make_plan(loaded, data, name, force=force)
    if apply:
        plans.apply(loaded, plan)
    if as_json:
        keys = ("action", "place", "what", "diff")
        changes = [{key: getattr(change, key) for key in keys} for change in plan.changes]
        print(json.dumps({"clean": plan.clean, "changes": changes}, indent=1))
    else:
        _show(plan, applied=apply)
    if not plan.clean:
        raise typer.Exit(1)


def _show(plan: "Plan", *, applied: bool) -> None:
    from rich.console import Console
    from rich.syntax import Syntax

    from kernelwright.pull.plan import conflict_file

    console = Console(highlight=False, soft_wrap=True)
    for change in plan.changes:
        print(printable(f"{change.place}: {'refused: ' if change.action == 'refuse' else ''}{change.what}"))
        if diff := printable(change.diff):
            console.print(Syntax(diff, "diff", background_color="default")) if console.is_terminal else print(diff)
        if change.action == "conflict" and change.after is not None:
            print(f"  {_conflict_advice(change, str(conflict_file(change)), applied=applied)}")
    actions = [change.action for change in plan.changes]
    taken = actions.count("write") + actions.count("delete")
    left = actions.count("conflict") + actions.count("refuse")
    if not taken and not left:
        print("nothing to bring back: the notebook says what the sources say")
        return
    verb = "changed" if applied else f"to change{'; run again with --apply to write them' if taken else ''}"
    rest = f"; {left} left to you" if left else ""
    print(f"{taken} {'file' if taken == 1 else 'files'} {verb}{rest}")


def _conflict_advice(change: "Change", file: str, *, applied: bool) -> str:
    """Say what a conflict leaves in its file, and what to do with it."""
    if not applied:
        return f"--apply leaves {'the merged text with its marks' if change.marked else 'one version'} in {file}"
    if change.marked:
        return f"both versions are in {file}; merge them into {change.place}"
    if change.after == change.before:
        return f"{file} is the version here; delete {change.place} as the notebook did, or keep it"
    if change.before is None:
        return f"{file} is the notebook's version; copy it to {change.place} to keep it, or delete it"
    return f"{file} is the notebook's version; take from it into {change.place} what you want to keep"
