"""Clean text that was written for a terminal."""

import re

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def without_colours(text: str) -> str:
    """Return a text without the escape sequences for colours."""
    return _COLOURS.sub("", text)
