"""Tables as people have them, read as pandas reads them: any coding, cells of any length, line breaks within quotes."""

import csv
import io
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path


def read(file: Path) -> list[list[str]]:
    """Return the rows of a csv file without blank lines, whatever its coding and the length of its cells.

    Raises
    ------
    OSError
        It is not there.
    csv.Error
        It is no text.
    """
    data = file.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    return list(_records(io.StringIO(text, newline="")))


def count(file: Path) -> int:
    """Count rows as csv readers do: a line break within quotes begins none, nor does a blank line."""
    with file.open(encoding="latin-1", newline="") as lines:  # any bytes decode, and no line ending is mistaken
        return sum(1 for _ in _records(lines))


def _records(lines: Iterable[str]) -> Iterator[list[str]]:
    before = csv.field_size_limit(sys.maxsize)  # masks are longer than what is allowed by default
    try:
        yield from (row for row in csv.reader(lines) if len(row) > 1 or (row and row[0].strip()))
    finally:
        csv.field_size_limit(before)
