"""Every problem the packager can name: its code, what it says for certain, why it matters, how it is put right.

The table is ``codes.toml`` beside this file; ``docs/checks.md`` is made from it.
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
        The certain thing the code says.
    why : str
        What happens on Kaggle otherwise.
    fix : str
        The ways out.
    severity : str
        How grave a finding of it is, unless the place it lies in says otherwise: error, unready or warning.
    """

    what: str
    why: str
    fix: str
    severity: Literal["error", "unready", "warning"] = "error"


@cache
def table() -> dict[str, Code]:
    """Return code -> row, in the order of the codes."""
    text = resources.files("kernelwright").joinpath("codes.toml").read_text("utf-8")
    return {code: Code(**row) for code, row in sorted(tomllib.loads(text).items())}
