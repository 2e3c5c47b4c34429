"""Plain data -> frozen dataclasses; what does not fit becomes one problem per value."""

import difflib
import functools
import json
import re
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, TypeVar, cast

from pydantic import AfterValidator, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from kernelwright.errors import Problem

T = TypeVar("T")

_UNKNOWN = {"unexpected_keyword_argument", "extra_forbidden"}
_MISSING = {"missing", "missing_argument"}
_FIXES = {
    "should be a list": 'write a list, such as [], or leave "{key}" out',
    "should be true or false": "write true or false",
}
_NO_FIXES: Mapping[str, str] = {}


class Mismatch(ValueError):
    """The data does not fit; ``problems`` holds one for each value that does not."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)


def matching(pattern: str, wish: str) -> AfterValidator:
    """Return the rule that the whole of a text matches ``pattern``; ``wish`` says what it should be."""

    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(wish)
        return value

    return AfterValidator(check)


def parse(kind: type[T], data: object, *, file: str, table: str = "", fixes: Mapping[str, str] = _NO_FIXES) -> T:
    """Make a ``kind`` of ``data``.

    Parameters
    ----------
    kind : type
        A dataclass whose annotations carry the rules, as pydantic reads them.
    data : object
        As JSON or TOML gives it.
    file, table : str
        What problems call the file, and the table of it that ``data`` is.
    fixes : mapping
        Key -> what to write there.

    Raises
    ------
    Mismatch
        With every value that does not fit.
    """
    adapter: TypeAdapter[T] = _adapter(cast(Hashable, kind))
    try:
        # As JSON, because only there strict validation takes an array for a tuple.
        return adapter.validate_json(json.dumps(data, default=str, ensure_ascii=False).encode(), strict=True)
    except ValidationError as error:
        names = _names(cast(Hashable, kind))
        raise Mismatch([_problem(detail, file, table, names, fixes) for detail in error.errors()]) from None
    except (
        ValueError,
        RecursionError,
    ) as error:  # 5,000 digits, a thousand levels, half a surrogate pair
        raise Mismatch([Problem(code="KW005", file=file, place=table, message=f"cannot be read: {error}")]) from None


def _problem(error: ErrorDetails, file: str, table: str, names: Sequence[str], fixes: Mapping[str, str]) -> Problem:
    place = (table + "".join(_step(part) for part in error["loc"])).removeprefix(".")
    key = next((part for part in reversed(error["loc"]) if isinstance(part, str)), "")
    if error["type"] in _UNKNOWN:
        near = difflib.get_close_matches(key, names, n=1)
        fix = f"did you mean {near[0]!r}?" if near else "remove it; docs/configuration.md lists the keys there are"
        return Problem(code="KW003", file=file, place=place, message="unknown key", fix=fix)
    if error["type"] in _MISSING:
        return Problem(
            code="KW004", file=file, place=place, message="required, and missing", fix=fixes.get(key, f'add "{key}"')
        )
    wish = _wish(error)
    fix = _FIXES[wish].format(key=key) if wish in _FIXES else fixes.get(key, "")
    return Problem(code="KW005", file=file, place=place, message=f"{shortened(error['input'])} {wish}", fix=fix)


def _step(part: str | int) -> str:
    if isinstance(part, int):
        return f"[{part}]"
    return f".{part}" if part.replace("-", "_").isidentifier() else f'."{part}"'


@functools.cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


@functools.cache
def _names(kind: Any) -> list[str]:
    schema: dict[str, Any] = _adapter(kind).json_schema()
    tables = [schema, *schema.get("$defs", {}).values()]
    return sorted({name for table in tables for name in table.get("properties", {})})


def shortened(value: object) -> str:
    """Return a value as JSON, cut at 60 characters."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:57] + "..."


def _wish(error: ErrorDetails) -> str:
    """Return pydantic's message as what the value should be."""
    wish = error["msg"]
    for opening in ("Value error, ", "Input ", "String ", "Tuple "):
        wish = wish.removeprefix(opening)
    wish = wish.replace("a valid array", "a list").replace("a valid ", "a ")
    return re.sub(r"\ba (?=[aeiou])", "an ", wish)
