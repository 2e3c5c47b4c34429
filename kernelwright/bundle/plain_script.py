"""Read plain percent scripts without jupytext, because importing jupytext would take half of a build.

A plain script has only Python cells and commented markdown, under the marks ``# %%`` and ``# %% [markdown]``. It has no
header, no cell options, no magics, and nothing that jupytext could take for one of these. jupytext reads all other
scripts.
"""

import itertools
import re
from typing import Literal

from kernelwright.bundle.cells import Cell
from kernelwright.support import ipython_syntax

_KINDS: dict[str, Literal["code", "markdown"]] = {"# %%": "code", "# %% [markdown]": "markdown"}
_NOT_PLAIN = re.compile(
    r"\s*(#.*)?#.*(%%|<codecell>|In\[)"  # a cell mark with options, of another form, or escaped
    r"|.*\\[\"']"  # jupytext miscounts escaped quotes and may miss the next mark
    r"|.*[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]"  # only jupytext ends a line at these characters
)


def split(text: str) -> tuple[Cell, ...] | None:
    """Return the cells of a plain script, as jupytext would read them; None if the script is not plain."""
    lines = text.split("\n")[: -1 if text.endswith("\n") else None]
    marks = [number for number, line in enumerate(lines) if line in _KINDS]
    if marks[:1] != [0] or any(_NOT_PLAIN.match(line) for line in lines if line not in _KINDS):
        return None
    cells = []
    for start, end in itertools.pairwise([*marks, len(lines)]):
        content, kind = lines[start:end], _KINDS[lines[start]]
        # Like jupytext, leave out the blank line before the next mark, or two if there are exactly two.
        blank = [not line.strip() for line in content[-3:]]
        if blank[-1]:
            content = content[: -2 if blank == [False, True, True] else -1]
        content = content[1:]
        if kind == "markdown":
            if not all(line.startswith("#") or not line.strip() for line in content):
                return None
            content = [line.removeprefix("# " if line.startswith("# ") else "#") for line in content]
        source = "\n".join(content)
        if kind == "code" and not ipython_syntax.parse(source):
            return None
        cells.append(Cell(kind=kind, source=source, line=start + 2))  # the line after the mark, counted from 1
    return tuple(cells)
