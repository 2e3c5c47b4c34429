"""Names whose effect is known: the lists of ``name_lists.toml``."""

import tomllib
from functools import cache
from importlib import resources


@cache
def names(key: str) -> frozenset[str]:
    """Return one of the lists."""
    text = resources.files("kernelwright.adopt").joinpath("name_lists.toml").read_text("utf-8")
    return frozenset(tomllib.loads(text)[key])
