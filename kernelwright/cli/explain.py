"""``kernelwright explain``."""

import json
from typing import Any

from kernelwright.cli.options import HERE, Folder, Json, Kernel


def explain(project: Folder = HERE, kernel: Kernel = "", as_json: Json = False) -> None:
    """List what goes into the notebook: order, file, size, digest, and why."""
    from kernelwright import sources
    from kernelwright.project import load_project

    loaded = load_project(project, kernel)
    tree = sources.collect(loaded)
    files = [{"file": f.path, "bytes": len(f.data), "sha256": f.sha256, "why": f.origin} for f in tree.files]
    attached = list(loaded.metadata.slugs)
    if as_json:
        print(json.dumps({"files": files, "attached": attached}, indent=1))
    else:
        _print_table(files, attached)


def _print_table(files: list[dict[str, Any]], attached: list[str]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, header_style="bold")
    for column, side in (
        ("", "right"),
        ("file", "left"),
        ("bytes", "right"),
        ("sha256", "left"),
        ("why", "left"),
    ):
        table.add_column(column, justify=side)  # type: ignore[arg-type]
    for index, row in enumerate(files):
        table.add_row(str(index + 1), row["file"], f"{row['bytes']:,}", row["sha256"][:12], row["why"])
    console = Console()
    console.print(table)
    console.print(f"{sum(row['bytes'] for row in files):,} bytes in {len(files)} files")
    console.print(f"attached: {', '.join(attached) or 'nothing'}")
