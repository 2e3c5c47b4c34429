"""Plain data against frozen dataclasses: every mismatch a line that says where it is and what would be right."""

import difflib
import json
import re
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

T = TypeVar("T")


class Mismatch(ValueError):
    """The data does not fit; ``lines`` holds one line for each misfit."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


def parse(kind: type[T], data: object, *, where: str) -> T:
    """Make a ``kind`` of ``data``, or raise `Mismatch` with each line starting at ``where``."""
    try:
        # As JSON, because only there strict validation takes an array for a tuple.
        parsed: T = _adapter(kind).validate_json(json.dumps(data, default=str), strict=True)
    except ValidationError as error:
        raise Mismatch([_line(where, e, kind) for e in error.errors()]) from None
    return parsed


def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _line(where: str, error: ErrorDetails, kind: type) -> str:
    place = where + "".join(_step(part) for part in error["loc"])
    place = place.replace(": .", ": ").removesuffix(": ")
    if error["type"] in {"unexpected_keyword_argument", "extra_forbidden"}:
        return f"{place}: unknown key{_suggestion(str(error['loc'][-1]), kind)}"
    if error["type"] in {"missing", "missing_argument"}:
        return f"{place}: required, and missing"
    return f"{place}: {_shown(error['input'])} {_wish(error)}"


def _step(part: str | int) -> str:
    if isinstance(part, int):
        return f"[{part}]"
    return f".{part}" if part.replace("-", "_").isidentifier() else f'."{part}"'


def _suggestion(key: str, kind: type) -> str:
    near = difflib.get_close_matches(key, _names(kind), n=1)
    return f"; did you mean {near[0]!r}?" if near else "; remove it, or see the README for the keys there are"


def _names(kind: type) -> list[str]:
    schema: dict[str, Any] = _adapter(kind).json_schema()
    tables = [schema, *schema.get("$defs", {}).values()]
    return sorted({name for table in tables for name in table.get("properties", {})})


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:57] + "..."


def _wish(error: ErrorDetails) -> str:
    wish = error["msg"]
    for opening in ("Value error, ", "Input ", "String ", "Tuple "):
        wish = wish.removeprefix(opening)
    wish = wish.replace("a valid array", "a list").replace("a valid ", "a ")
    return re.sub(r"\ba (?=[aeiou])", "an ", wish)
