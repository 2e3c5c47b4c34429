"""Parse JSON that may be invalid."""

import json
from typing import Any


def parse(text: str | bytes) -> Any:
    """Parse JSON; raises `ValueError` if it is invalid or nested more deeply than Python can parse."""
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deep") from error


def parse_object(text: str | bytes) -> dict[str, Any]:
    """Parse a JSON object; return an empty one if the text is not a JSON object."""
    try:
        parsed = parse(text)
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}
