"""Compose the notebook's cells from a source tree and the driver's cells. Nothing is read, written or run."""

import html
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from urllib.parse import quote

from kernelwright.bundle.source_tree import SourceTree
from kernelwright.support.hashing import sha256

CONFIG = "kernelwright.json"
CONTENTS = "contents"
MODULES_TAG = "modules"
_NOTHING = re.compile(r"(?!)")
# Kaggle's and Jupyter's markers of a folded cell. They fold what is carried but is not part of the author's story.
FOLDED = {"_kg_hide-input": True, "jupyter": {"source_hidden": True}}


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One cell of a notebook.

    Attributes
    ----------
    kind, source, metadata
        As in nbformat.
    id : str
        The cell's id; empty until `compose` sets it.
    line : int
        The line of the driver where the cell's text begins, from 1; 0 for a generated cell.
    """

    kind: Literal["code", "markdown", "raw"]
    source: str
    metadata: Mapping[str, Any] = field(default_factory=dict)
    id: str = ""
    line: int = field(default=0, compare=False)


def compose(
    tree: SourceTree, driver: Sequence[Cell], bootstrap: Cell, *, hidden: re.Pattern[str] = _NOTHING
) -> tuple[Cell, ...]:
    """Return the notebook's cells, in order and with ids.

    Parameters
    ----------
    tree : SourceTree
        The carried files.
    driver : sequence of Cell
        The driver's cells, in order. The module cells come after the first one tagged ``modules``.
    bootstrap : Cell
        The result of `bootstrap_cell`.
    hidden : re.Pattern
        Matches the locations of source files whose cells are folded.
    """
    own = [
        replace(cell, metadata={**cell.metadata, "kernelwright": {"driver": index}})
        for index, cell in enumerate(driver)
    ]
    opening = 1 if own and own[0].kind == "markdown" else 0
    at = next((i + 1 for i, cell in enumerate(own) if MODULES_TAG in cell.metadata.get("tags", [])), opening)
    cells = [
        *own[:opening],
        *_contents(tree, own[at:]),
        bootstrap,
        *own[opening:at],
        *_module_cells(tree, hidden),
        *own[at:],
    ]
    placed = []
    for cell in cells:
        # The id depends on what the cell is, not on its text, so that an edit keeps it.
        identity = {key: value for key, value in cell.metadata["kernelwright"].items() if key != "sha256"}
        placed.append(replace(cell, id=sha256(f"{cell.kind} {json.dumps(identity)}")[:12]))
    return tuple(placed)


def bootstrap_cell(text: str, manifest: str) -> Cell:
    """Return the folded bootstrap cell. Its recorded digest is that of the manifest, not that of the cell's text."""
    return _generated("code", text, CONFIG, sha256(manifest), folded=True)


def _contents(tree: SourceTree, after: Sequence[Cell]) -> Iterator[Cell]:
    """Yield the folded list of the author's modules, with links to their cells and to the story after them.

    Yield nothing if there are no modules.
    """
    rows = []
    for file in tree.files:
        if not file.vendored and file.module and file.data:
            name = f"[`{file.path}`](#{_anchor(file.path)})" if file.carrier == "cell" else f"`{file.path}`"
            rows.append(f"- {name} · {_plain(file.summary)}" if file.summary else f"- {name}")
    if not rows:
        return
    in_dataset = any(file.carrier == "dataset" for file in tree.files)
    where = "come out of an attached dataset" if in_dataset else "follow, each written to a file by a cell of its own"
    packages = dict.fromkeys(f"`{file.vendored}`" for file in tree.files if file.vendored)
    along = f", {', '.join(packages)} among them" if packages else ""
    titles = (re.match(r"#+ ([\w ,'-]+)$", cell.source, re.MULTILINE) for cell in after if cell.kind == "markdown")
    title = "" if in_dataset else next((match[1] for match in titles if match), "")
    onward = f" The story goes on at [{title}](#{_anchor(title)})." if title else ""
    text = "\n".join(
        [
            "**The modules of this notebook**",
            f"{where}; the folded cell sets that up and brings what they need{along}.{onward}\n",
            f"<details><summary>The list of modules: {len(rows)}</summary>\n",
            *rows,
            "\n</details>",
        ]
    )
    yield _generated("markdown", text, CONTENTS, sha256(text))


def _anchor(heading: str) -> str:
    return quote(heading.replace(" ", "-"))  # as viewers make the anchor of a heading


def _plain(text: str) -> str:
    """Escape the text of a docstring, so that markdown does not take it for HTML or a formula."""
    return html.escape(text, quote=False).replace("$", "\\$")


def _module_cells(tree: SourceTree, hidden: re.Pattern[str]) -> Iterator[Cell]:
    for file in tree.files:
        if file.carrier == "cell":
            summary = f"\n\n{_plain(file.summary)}" if file.summary else ""
            yield _generated("markdown", f"### `{file.path}`{summary}", file.path, file.sha256)
            source = f"%%module {file.path}\n{file.text}"
            is_folded = bool(file.vendored or hidden.fullmatch(file.location))
            yield _generated("code", source, file.path, file.sha256, folded=is_folded)


def _generated(kind: Literal["code", "markdown"], source: str, file: str, digest: str, *, folded: bool = False) -> Cell:
    mark = {"kernelwright": {"file": file, "sha256": digest}}
    return Cell(kind=kind, source=source, metadata={**mark, **(FOLDED if folded else {})})


def driver_digest(driver: Sequence[Cell]) -> str:
    """Return the sha256 of the driver's cells. A pull uses it to find the driver that a notebook was built from."""
    contents: list[tuple[object, ...]] = []
    for cell in driver:
        metadata = {key: value for key, value in cell.metadata.items() if key not in {"kernelwright", "tags"}}
        more = [metadata] if metadata else []  # digests in earlier notebooks did not include metadata
        contents.append((cell.kind, cell.source, cell.metadata.get("tags", []), *more))
    return sha256(json.dumps(contents, sort_keys=True))


def commented(body: str) -> str:
    """Return a cell's text as comments. A percent script holds cells that are not Python this way."""
    return "\n".join(f"# {line}" if line else "#" for line in body.split("\n"))
