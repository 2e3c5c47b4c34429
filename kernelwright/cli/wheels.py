"""``kernelwright wheels``."""

import json
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from kernelwright.cli.options import HERE, Folder, Json, Kernel

if TYPE_CHECKING:
    from kernelwright.project.model import Project

Check = Annotated[bool, typer.Option("--check", help="Only compare the locks with the requirements.")]
Verify = Annotated[bool, typer.Option("--verify", help="Prove that they install, on each Python that is found.")]
Upgrade = Annotated[bool, typer.Option("--upgrade", help="Resolve again instead of keeping locked versions.")]


def wheels(
    project: Folder = HERE,
    kernel: Kernel = "",
    check: Check = False,
    verify: Verify = False,
    upgrade: Upgrade = False,
    as_json: Json = False,
) -> None:
    """Lock, fetch and carry what Kaggle's image lacks, as a dataset in build/wheels."""
    from kernelwright.project.model import load_project
    from kernelwright.wheels import project_locks

    loaded = load_project(project, kernel)
    if check:
        project_locks.check(loaded)
        print("the locks are up to date")
    elif verify:
        _verify(loaded, as_json)
    else:
        _make(loaded, upgrade, as_json)


def _make(project: "Project", upgrade: bool, as_json: bool) -> None:
    from rich.progress import track

    from kernelwright.wheels import update

    shown = update.Progress(tell=print, track=partial(track, transient=True))
    progress = update.Progress() if as_json else shown
    wheel_folder = update.make(project, progress, upgrade=upgrade)
    place = wheel_folder.folder.relative_to(project.root)
    if as_json:
        print(json.dumps({"folder": str(place), "wheels": wheel_folder.wheels, "changed": wheel_folder.changed}))
        return
    print(f"{place}: {len(wheel_folder.wheels)} wheels{'' if wheel_folder.changed else ', unchanged'}")
    for name in wheel_folder.wheels:
        print(f"  {name}")


def _verify(project: "Project", as_json: bool) -> None:
    from dataclasses import asdict

    from kernelwright.rehearsal import install_check as verify

    proofs = verify.verify(project, tell=(lambda _: None) if as_json else print)
    if as_json:
        print(json.dumps([asdict(proof) for proof in proofs], indent=1))
    else:
        print("\n".join(f"Python {proof.python}: {proof.word}: {proof.detail}" for proof in proofs))
    if not any(proof.word == "proven" for proof in proofs) or any(proof.word == "failed" for proof in proofs):
        raise typer.Exit(1)
