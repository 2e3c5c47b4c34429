"""``kernelwright explain``."""

import itertools
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kernelwright.cli.options import HERE, Folder, Json, Kernel
from kernelwright.cli.render import printable

if TYPE_CHECKING:
    from kernelwright.bundle.build import Notebook
    from kernelwright.project.model import Project


def explain(project: Folder = HERE, kernel: Kernel = "", as_json: Json = False) -> None:
    """List what goes into the notebook (order, file, reason, size, digest) and the attached sources."""
    from kernelwright.bundle import build
    from kernelwright.project.model import load_project

    loaded = load_project(project, kernel)
    answer = _describe(loaded, build.build_notebook(loaded, limit=None))
    if as_json:
        print(json.dumps(answer, indent=1, ensure_ascii=False))
    else:
        _print(answer)


def _describe(project: "Project", built: "Notebook") -> dict[str, Any]:
    from kernelwright.bundle.build import LARGEST_NOTEBOOK_BYTES

    return {
        "notebook": {"file": str(project.notebook), "bytes": len(built.data), "limit": LARGEST_NOTEBOOK_BYTES},
        "files": [
            {
                "order": order,
                "file": file.path,
                "module": file.module,
                "why": file.origin,
                "carried": file.carrier,
                "bytes": len(file.data),
                "sha256": file.sha256,
                "imports": list(built.tree.graph.get(file.module or "", ())),
            }
            for order, file in enumerate(built.tree.files, 1)
        ],
        "attached": list(project.metadata.slugs),
    }


def _print(answer: Mapping[str, Any]) -> None:
    rows = [
        (str(row["order"]), printable(row["file"]), row["carried"], f"{row['bytes']:,}", row["sha256"][:12])
        for row in answer["files"]
    ]
    head = ("", "file", "carried by", "bytes", "sha256")
    order, file, carrier, width, _ = (max(map(len, column)) for column in zip(head, *rows, strict=True))
    line = f"{{:>{order}}} {{:{file}}} {{:{carrier}}} {{:>{width}}} {{}}".format
    print(line(*head))
    # Not rich's table: to import it and to lay out a thousand modules takes long.
    for why, group in itertools.groupby(zip(answer["files"], rows, strict=True), lambda pair: pair[0]["why"]):
        print(f"{'':{order}} {printable(why)}")
        for _, row in group:
            print(line(*row))
    files, size, limit = answer["files"], answer["notebook"]["bytes"], answer["notebook"]["limit"]
    print(f"\n{sum(row['bytes'] for row in files):,} bytes in {len(files)} files")
    print(f"notebook: {size:,} bytes, {size / limit:.0%} of the {limit:,} allowed")
    print(printable(f"attached: {', '.join(answer['attached']) or 'nothing'}"))
