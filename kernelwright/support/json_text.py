"""JSON that others may have written."""

import json
from typing import Any


def parse(text: str | bytes) -> Any:
    """Parse JSON; raises `ValueError` for whatever is none, also for what is nested deeper than Python goes."""
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deep") from error


def parse_object(text: str | bytes) -> dict[str, Any]:
    """Parse a JSON object; return an empty one for whatever is none."""
    try:
        parsed = parse(text)
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}
