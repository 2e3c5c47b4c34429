"""Percent scripts of the plainest form, read without jupytext, whose import would take half of a build.

Plain is a script of Python cells and commented markdown under the marks ``# %%`` and ``# %% [markdown]``, with no
header, no options, no magics and nothing that jupytext could take for one of them. Everything else is jupytext's.
"""

import itertools
import re
from collections.abc import Sequence
from typing import Literal

from kernelwright.bundle.cells import Cell
from kernelwright.support import ipython_syntax

_KINDS: dict[str, Literal["code", "markdown"]] = {"# %%": "code", "# %% [markdown]": "markdown"}
_NOT_PLAIN = re.compile(
    r"\s*(#.*)?#.*(%%|<codecell>|In\[)"  # a mark with options, of another form, or escaped
    r"|.*\\[\"']"  # jupytext loses count of quotes here, and may not see the next mark
    r"|.*[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]"  # ends a line for jupytext alone
)


def split(text: str) -> tuple[Cell, ...] | None:
    """Return the cells of a plain script as jupytext reads them, None for a script that is not plain."""
    lines = text.split("\n")[: -1 if text.endswith("\n") else None]
    marks = [number for number, line in enumerate(lines) if line in _KINDS]
    if marks[:1] != [0] or any(_NOT_PLAIN.match(line) for line in lines if line not in _KINDS):
        return None
    cells = []
    for start, end in itertools.pairwise([*marks, len(lines)]):
        content = _without_blank_end(lines[start:end])[1:]
        kind = _KINDS[lines[start]]
        source = _markdown(content) if kind == "markdown" else _python(content)
        if source is None:
            return None
        cells.append(Cell(kind=kind, source=source, line=start + 2))
    return tuple(cells)


def _without_blank_end(lines: Sequence[str]) -> Sequence[str]:
    """Leave out the blank lines before the next mark: one, or two that stand alone, as jupytext does."""
    blank = [not line.strip() for line in lines[-3:]]
    if blank == [False, True, True]:
        return lines[:-2]
    return lines[:-1] if blank[-1] else lines


def _markdown(lines: Sequence[str]) -> str | None:
    """Return a markdown cell's text, None where it is not in comments."""
    if not all(line.startswith("#") or not line.strip() for line in lines):
        return None
    return "\n".join(line.removeprefix("# ") if line.startswith("# ") else line.removeprefix("#") for line in lines)


def _python(lines: Sequence[str]) -> str | None:
    """Return a code cell's text, None where it is not Python alone."""
    source = "\n".join(lines)
    return source if ipython_syntax.parse(source) else None
