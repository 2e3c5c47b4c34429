"""``kernelwright init``."""

import sys
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from kernelwright.cli.render import printable, tell

NEXT = """
next: cd {folder}
  kernelwright build                  makes the notebook
  kernelwright check                  says what is left to do before a push
  kernelwright rehearse --input DIR   runs it as Kaggle will; DIR has a folder per attached source"""


class Template(StrEnum):
    """What a new project starts from."""

    images = "images"
    inference_server = "inference-server"
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
    Template | None,
    typer.Option(
        "--template",
        help="The kind of data, or a gateway that sends it.",
        show_default="asked for, otherwise tabular",
    ),
]
Runs = Annotated[
    Kind | None,
    typer.Option(
        "--kind",
        help="rerun: a competition with a hidden rerun; once: one without; output: of no competition, for the weights "
        "or features it leaves.",
        show_default="asked for, otherwise rerun",
    ),
]
From = Annotated[
    str,
    typer.Option(
        "--from",
        metavar="NOTEBOOK",
        help="Start from a notebook: an .ipynb file, a percent script, or owner/slug on Kaggle.",
    ),
]
Verify = Annotated[
    bool, typer.Option("--verify", help="With --from: run the original and the built notebook, and compare them.")
]
Input = Annotated[
    Path | None, typer.Option("--input", metavar="DIR", help="With --verify: one folder per attached source.")
]
KeepCells = Annotated[bool, typer.Option("--keep-cells", help="With --from: move nothing into modules.")]
Tidy = Annotated[bool, typer.Option("--tidy", help="With --from: drop empty and commented-out cells.")]
Adopt = Annotated[bool, typer.Option("--adopt", help="Make a kernel from the repository in FOLDER; no module changes.")]
Choice = TypeVar("Choice", bound=StrEnum)


def init(
    folder: Target,
    template: Start = None,
    kind: Runs = None,
    source: From = "",
    verify: Verify = False,
    data: Input = None,
    keep_cells: KeepCells = False,
    tidy: Tidy = False,
    adopt: Adopt = False,
) -> None:
    """Start a project that builds and tests at once: from a template, a notebook (--from), a repository (--adopt)."""
    if ((source or adopt) and (template or kind)) or (source and adopt):
        raise typer.BadParameter("a project starts from a template, --from a notebook, or with --adopt")
    if not source and (verify or data or keep_cells or tidy):
        raise typer.BadParameter("--verify, --input, --keep-cells and --tidy go with --from")
    if data and not verify:
        raise typer.BadParameter("--input goes with --verify")
    if source:
        _convert(folder, source, verify=verify, data=data, keep_cells=keep_cells, tidy=tidy)
    elif adopt:
        _adopt(folder)
    else:
        _start(folder, template, kind)


def _start(folder: Path, template: Template | None, kind: Kind | None) -> None:
    from kernelwright.image.kaggle_image import DEFAULT
    from kernelwright.project import scaffold

    template = template or _ask("template", Template, Template.tabular)
    if template is Template.inference_server and kind not in {None, Kind.rerun}:
        raise typer.BadParameter(f"--template {template} is of --kind rerun alone: only a rerun has a gateway")
    kind = kind or (Kind.rerun if template is Template.inference_server else _ask("kind", Kind, Kind.rerun))
    written = scaffold.start(folder, template, kind=kind, image=DEFAULT)
    print("\n".join(f"{folder / path}" for path in written))
    if missing := scaffold.missing_requirements(folder):
        print(f"\nits tests need {', '.join(missing)}: cd {folder} && pip install -r requirements.txt")
    print(f"\nnext: cd {folder} && kernelwright build && kernelwright rehearse")


def _convert(folder: Path, source: str, *, verify: bool, data: Path | None, keep_cells: bool, tidy: bool) -> None:
    from kernelwright.adopt.convert import convert
    from kernelwright.adopt.original import read
    from kernelwright.errors import UnwritableOutput
    from kernelwright.project import scaffold

    if any(folder.iterdir()) if folder.is_dir() else folder.exists() or folder.is_symlink():
        raise UnwritableOutput(f"{folder}: there is something already; name an empty or a new folder")
    conversion = convert(read(source), folder.resolve().name, keep_cells=keep_cells, tidy=tidy)
    scaffold.write(folder, conversion.files)
    print("\n".join(f"{folder / path}" for path in conversion.files))
    for heading, lines in conversion.report:
        print(f"\n{heading}:")
        print("\n".join(f"  {printable(line)}" for line in lines))
    same = _verify(folder, conversion.reference, data) if verify else True
    print(NEXT.format(folder=folder))
    if not same:
        raise typer.Exit(1)


def _verify(folder: Path, reference: bytes, data: Path | None) -> bool:
    from kernelwright.adopt.verify import verify
    from kernelwright.errors import KernelwrightError
    from kernelwright.project.model import load_project

    print()
    try:
        comparison = verify(load_project(folder), reference, data.resolve() if data else None, tell)
    except KernelwrightError as error:  # the project is there, and what to do next is still to be said
        print(error, file=sys.stderr)
        return False
    print("\noriginal and built notebook:" if comparison.same else "\noriginal and built notebook differ:")
    print("\n".join(f"  {printable(line)}" for line in comparison.lines))
    return comparison.same


def _adopt(folder: Path) -> None:
    from kernelwright.adopt import repository
    from kernelwright.bundle import build
    from kernelwright.check.finding import has_error
    from kernelwright.check.run import run_checks
    from kernelwright.cli.render import show_findings
    from kernelwright.errors import InvalidProject, NotebookTooLarge
    from kernelwright.project.model import load_project
    from kernelwright.support import atomic_files

    root = folder.resolve()
    adoption = repository.adopt(root)
    atomic_files.replace_all({root / path: data for path, data in adoption.files.items()})
    print("\n".join([*adoption.files, *(f"  {printable(line)}" for line in adoption.report)]))
    with suppress(InvalidProject, NotebookTooLarge):  # which the check reports
        build.build(load_project(root))
    print()
    findings = run_checks(root)
    show_findings(findings)
    print(NEXT.format(folder=folder))
    if has_error(findings):
        raise typer.Exit(1)


def _ask(question: str, choices: type[Choice], default: Choice) -> Choice:
    """Ask where somebody is there to answer."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return default
    answer = ""
    while answer not in set(choices):
        answer = typer.prompt(f"{question} ({', '.join(choices)})", default=default.value)
    return choices(answer)
