"""``kernelwright sample``."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from kernelwright.cli.options import HERE, Folder, Json, Kernel

From = Annotated[
    Path, typer.Option("--from", metavar="DIR", help="The competition's folder, or one folder per attached source.")
]
Rows = Annotated[int, typer.Option("--rows", min=1, help="How many ids of each split to keep.")]
Out = Annotated[
    Path | None, typer.Option("--out", metavar="DIR", help="The folder to write to.", show_default="build/sample")
]
Label = Annotated[str, typer.Option("--label", help="The column whose proportions to keep.", show_default="detected")]


def sample(
    source: From,
    rows: Rows,
    project: Folder = HERE,
    kernel: Kernel = "",
    out: Out = None,
    label: Label = "",
    as_json: Json = False,
) -> None:
    """Make a small input folder from real competition data, in the proportions of its labels."""
    from kernelwright.project.model import load_project
    from kernelwright.rehearsal import sample as sampling

    loaded = load_project(project, kernel)
    target = out or loaded.build / "sample"
    kept = sampling.sample(loaded, source, target, rows, label)
    if as_json:
        print(json.dumps([asdict(table) for table in kept], indent=1))
        return
    for table in kept:
        by = f", by {table.label}" if table.label else ""
        print(f"{table.name}: {table.rows:,} of {table.of:,} rows{by}")
    print(f"{target}: rehearse on it with --input {target}")
