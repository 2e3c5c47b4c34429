"""``kernelwright init``."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeVar

import typer


class Template(StrEnum):
    """What a new project starts from."""

    images = "images"
    tabular = "tabular"


class Kind(StrEnum):
    """How Kaggle runs the kernel."""

    rerun = "rerun"
    once = "once"
    output = "output"


Target = Annotated[
    Path, typer.Argument(metavar="FOLDER", help="Where the project goes: a new folder, or an empty one.")
]
Start = Annotated[
    Template | None, typer.Option("--template", help="What the data is.  [default: asked for, else tabular]")
]
Runs = Annotated[
    Kind | None,
    typer.Option(
        "--kind",
        help="rerun: a competition with a hidden rerun; once: one without; output: of no competition, for the weights "
        "or features it leaves.  [default: asked for, else rerun]",
    ),
]
Choice = TypeVar("Choice", bound=StrEnum)


def init(folder: Target, template: Start = None, kind: Runs = None) -> None:
    """Start a project that builds, tests and rehearses at once."""
    from kernelwright.image.kaggle_image import DEFAULT
    from kernelwright.project import scaffold

    template = template or _ask("template", Template, Template.tabular)
    kind = kind or _ask("kind", Kind, Kind.rerun)
    written = scaffold.start(folder, template, kind=kind, image=DEFAULT)
    print("\n".join(f"{folder / path}" for path in written))
    print(f"\nnext: cd {folder} && kernelwright build && kernelwright rehearse")


def _ask(question: str, choices: type[Choice], default: Choice) -> Choice:
    """Ask where somebody is there to answer."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return default
    answer = ""
    while answer not in set(choices):
        answer = typer.prompt(f"{question} ({', '.join(choices)})", default=default.value)
    return choices(answer)
