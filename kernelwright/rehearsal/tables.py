"""Tables as rows of text, the header first: .csv, and .parquet where something here reads it."""

import csv
import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any


class Unreadable(ValueError):
    """A table that cannot be read, or that nothing installed here reads."""


def read(file: Path) -> list[list[str]]:
    """Return the rows, the header first; at least an empty one.

    Raises
    ------
    Unreadable
        It is damaged, or it is .parquet and neither pyarrow nor pandas is installed.
    OSError
        It is not there.
    """
    return _parquet(file) if file.suffix == ".parquet" else _csv(file)


def _csv(file: Path) -> list[list[str]]:
    try:
        with file.open(newline="", encoding="utf-8") as text:
            return [row for row in csv.reader(text, strict=True) if row] or [[]]
    except (UnicodeDecodeError, csv.Error) as error:
        raise Unreadable(f"not a csv file in UTF-8: {error}") from error


def _parquet(file: Path) -> list[list[str]]:
    for module, columns in _READERS.items():
        try:
            library = importlib.import_module(module)
        except ImportError:
            continue
        try:
            found = columns(library, file)
        except (ValueError, ImportError) as error:  # pyarrow's own errors are ValueErrors; pandas misses its engine
            raise Unreadable(f"{file.name} is not a parquet file that {module} reads: {error}") from error
        rows = zip(*found.values(), strict=True)
        return [list(found), *([_text(value) for value in row] for row in rows)]
    raise Unreadable(f"{file.name} cannot be checked: neither pyarrow nor pandas is installed; pip install pyarrow")


def _with_pyarrow(library: Any, file: Path) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = library.read_table(file).to_pydict()
    return columns


def _with_pandas(library: Any, file: Path) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = library.read_parquet(file).to_dict("list")
    return columns


_READERS: dict[str, Callable[[Any, Path], dict[str, list[Any]]]] = {
    "pyarrow.parquet": _with_pyarrow,
    "pandas": _with_pandas,
}


def _text(value: object) -> str:
    return "nan" if value is None else str(value)
