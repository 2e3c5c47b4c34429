"""JSON that others may have written."""

import json
from typing import Any


def parse(text: str | bytes) -> Any:
    """Parse JSON; raises `ValueError` for whatever is none, also for what is nested deeper than Python goes."""
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
