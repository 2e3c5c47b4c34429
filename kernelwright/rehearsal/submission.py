"""A submission held against the sample, as the competition's scorer would read it."""

import csv
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

_SHOWN = 3


def problems(submission: Path, sample: Path) -> list[str]:
    """Compare columns, ids, repeats, empty ids and NaN; a line a kind of problem."""
    try:
        (header, *rows), (expected, *samples) = _read(submission), _read(sample)
    except (UnicodeDecodeError, csv.Error) as error:
        return [f"not a csv file in UTF-8: {error}"]
    if header != expected:
        return [f"the header is {','.join(header) or 'empty'}; the sample's is {','.join(expected)}"]
    if ragged := [str(line) for line, row in enumerate(rows, 2) if len(row) != len(header)]:
        return [_said(len(ragged), "row", f"with other than {len(header)} values, in line", ragged)]
    return _row_problems(rows, {row[0] for row in samples if row})


def _row_problems(rows: Sequence[Sequence[str]], wanted: set[str]) -> list[str]:
    ids = Counter(row[0] for row in rows)
    kinds = {
        "repeated": [key for key, count in ids.items() if count > 1],
        "missing": sorted(wanted - set(ids)),
        "not in the sample": sorted(set(ids) - wanted - {""}),
        "empty": [f"line {line}" for line, row in enumerate(rows, 2) if not row[0]],
        "with the value NaN": [row[0] for row in rows if "nan" in (cell.strip().lower() for cell in row[1:])],
    }
    return [_said(len(found), "id", f"{what}:", found) for what, found in kinds.items() if found]


def row_count(submission: Path) -> int:
    """Count the rows below the header; 0 without a readable file."""
    try:
        return max(0, len(_read(submission)) - 1)
    except (OSError, UnicodeDecodeError, csv.Error):
        return 0


def _read(file: Path) -> list[list[str]]:
    with file.open(newline="", encoding="utf-8") as text:
        return [row for row in csv.reader(text, strict=True) if row] or [[]]


def _said(count: int, noun: str, what: str, examples: Sequence[str]) -> str:
    more = ", …" if len(examples) > _SHOWN else ""
    return f"{count} {noun if count == 1 else noun + 's'} {what} {', '.join(examples[:_SHOWN])}{more}"
