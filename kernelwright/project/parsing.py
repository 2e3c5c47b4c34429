"""Read files, and parse plain data into frozen dataclasses with one problem per value that does not fit."""

import difflib
import functools
import json
import re
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, cast

from pydantic import AfterValidator, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from kernelwright.errors import InvalidProject, Problem

T = TypeVar("T")

_UNKNOWN = {"unexpected_keyword_argument", "extra_forbidden"}
_MISSING = {"missing", "missing_argument"}
_FIXES = {
    "should be a list": 'write a list, such as [], or leave "{key}" out',
    "should be true or false": "write true or false",
}
_PYDANTICS_WORDS = re.compile(r"^(Value error, )?(Input |String |Tuple )?")
_NO_FIXES: Mapping[str, str] = {}


def read_text(file: Path, *, code: str, label: str, missing: str) -> str:
    """Read a UTF-8 file. Problems call it ``label``; ``missing`` is the fix if it does not exist.

    Raises `InvalidProject` with the code ``code`` if the file cannot be read or is not UTF-8.
    """
    try:
        return file.read_text("utf-8")
    except FileNotFoundError:
        message, fix = "no such file", missing
    except OSError as error:
        message, fix = f"cannot be read: {error.strerror}", "put a file there that can be read"
    except UnicodeDecodeError as error:
        message, fix = f"not UTF-8 at byte {error.start}", "save it as UTF-8"
    raise InvalidProject([Problem(code=code, file=label, message=message, fix=fix)])


def matching(pattern: str, wish: str, *, printable: bool = False) -> AfterValidator:
    """Return the pydantic rule that a whole text matches ``pattern``. ``wish`` is the message if it does not."""

    def check(value: str) -> str:
        if not re.fullmatch(pattern, value) or (printable and not value.isprintable()):
            raise ValueError(wish)
        return value

    return AfterValidator(check)


def parse(kind: type[T], data: object, *, file: str, table: str = "", fixes: Mapping[str, str] = _NO_FIXES) -> T:
    """Validate ``data`` and return it as an instance of ``kind``.

    Parameters
    ----------
    kind : type
        A dataclass whose annotations hold pydantic's rules.
    data : object
        Plain data, as read from JSON or TOML.
    file : str
        What problems call the file.
    table : str
        The table of the file from which ``data`` comes; empty for the whole file.
    fixes : mapping
        Key -> fix for a wrong or missing value of it.

    Raises
    ------
    InvalidProject
        With one problem per value that does not fit.
    """
    adapter: TypeAdapter[T] = _adapter(cast(Hashable, kind))
    try:
        # As JSON, because strict validation accepts an array as a tuple only there. TOML's dates become text.
        return adapter.validate_json(json.dumps(data, default=str, ensure_ascii=False).encode(), strict=True)
    except ValidationError as error:
        # All known keys, to suggest one that resembles an unknown key.
        schema = adapter.json_schema()
        parts = [schema, *schema.get("$defs", {}).values()]
        names = sorted({name for part in parts for name in part.get("properties", {})})
        raise InvalidProject(_problem(detail, file, table, names, fixes) for detail in error.errors()) from None
    except (ValueError, RecursionError) as error:  # a number of 5,000 digits, 1,000 levels, a lone surrogate
        raise InvalidProject(
            [Problem(code="KW005", file=file, place=table, message=f"cannot be read: {error}")]
        ) from None


@functools.cache  # because creating an adapter is slow
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _problem(error: ErrorDetails, file: str, table: str, names: Sequence[str], fixes: Mapping[str, str]) -> Problem:
    place, key = table, ""
    for part in error["loc"]:
        if isinstance(part, int):
            place += f"[{part}]"
        else:
            place += f".{part}" if part.replace("-", "_").isidentifier() else f'."{part}"'
            key = part
    if error["type"] in _UNKNOWN:
        near = difflib.get_close_matches(key, names, n=1)
        code, message = "KW003", "unknown key"
        fix = f"did you mean {near[0]!r}?" if near else "remove it; docs/configuration.md lists the keys there are"
    elif error["type"] in _MISSING:
        code, message, fix = "KW004", "required, and missing", fixes.get(key, f'add "{key}"')
    else:
        # Reword pydantic's message, so that it continues the sentence that begins with the value.
        wish = _PYDANTICS_WORDS.sub("", error["msg"]).replace("a valid array", "a list").replace("a valid ", "a ")
        wish = re.sub(r"\ba (?=[aeiou])", "an ", wish)
        code, message = "KW005", f"{shortened(error['input'])} {wish}"
        fix = _FIXES[wish].format(key=key) if wish in _FIXES else fixes.get(key, "")
    return Problem(code=code, file=file, place=place.removeprefix("."), message=message, fix=fix)


def shortened(value: object) -> str:
    """Return a value as JSON, shortened to 60 characters."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:57] + "..."
