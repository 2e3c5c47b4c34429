"""Read the table of message codes: what each one means, why it matters, and how to fix it.

The table is ``codes.toml`` beside this file. ``docs/checks.md`` is generated from it.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Code:
    """One row of the table.

    Attributes
    ----------
    what : str
        What the code means.
    why : str
        Why it matters: what would happen on Kaggle.
    fix : str
        How to fix it.
    severity : str
        The severity of a finding with this code, unless its place changes it: error, unready or warning.
    """

    what: str
    why: str
    fix: str
    severity: Literal["error", "unready", "warning"] = "error"


@cache
def table() -> dict[str, Code]:
    """Return the table as code -> row, sorted by code."""
    text = resources.files("kernelwright").joinpath("codes.toml").read_text("utf-8")
    return {code: Code(**row) for code, row in sorted(tomllib.loads(text).items())}
