"""A submission held against the sample, as the competition's scorer would read it."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kernelwright.rehearsal import tables

Rows = Sequence[Sequence[str]]

_SHOWN = 3
_NULLS = {"nan", "none", "null", "<na>", "nat"}


def problems(submission: Path, sample: Path) -> list[str]:
    """Compare columns, ids, repeats, types, empty cells and NaN; a line a kind of problem."""
    try:
        (header, *rows), (expected, *samples) = tables.read(submission), tables.read(sample)
    except tables.Unreadable as error:
        return [str(error)]
    if header != expected:
        return [f"the header is {','.join(header) or 'empty'}; the sample's is {','.join(expected)}"]
    if ragged := [str(line) for line, row in enumerate(rows, 2) if len(row) != len(header)]:
        return [_said(len(ragged), "row", f"with other than {len(header)} values, in line", ragged)]
    return _id_problems(rows, {row[0] for row in samples if row}) + _value_problems(header, rows, samples)


def _id_problems(rows: Rows, wanted: set[str]) -> list[str]:
    ids = Counter(row[0] for row in rows)
    kinds = {
        "repeated": [key for key, count in ids.items() if key and count > 1],
        "missing": sorted(wanted - set(ids)),
        "not in the sample": sorted(set(ids) - wanted - {""}),
        "empty": [f"line {line}" for line, row in enumerate(rows, 2) if not row[0]],
        "with the value NaN": [row[0] for row in rows if any(cell.strip().lower() in _NULLS for cell in row[1:])],
    }
    return [_said(len(found), "id", f"{what}:", found) for what, found in kinds.items() if found]


def _value_problems(
    header: Sequence[str], rows: Sequence[Sequence[str]], samples: Sequence[Sequence[str]]
) -> list[str]:
    """Find what is no number in the columns that hold nothing but numbers in the sample."""
    numeric = [place for place in range(1, len(header)) if samples and all(_is_number(row[place]) for row in samples)]
    found = []
    for place in numeric:
        wrong = [row[0] for row in rows if row[place].strip().lower() not in _NULLS and not _is_number(row[place])]
        if wrong:
            found.append(_said(len(wrong), "id", f"whose {header[place]} is no number, as it is in the sample:", wrong))
    return found


def facts(submission: Path, found: Sequence[str]) -> dict[str, Any]:
    """Return what the report says of a submission; without a readable file, 0 rows and no digests."""
    try:
        _, *rows = tables.read(submission)
    except (OSError, tables.Unreadable):
        return {"rows": 0, "problems": list(found)}
    ids = "\n".join(sorted(row[0] for row in rows if row))
    return {
        "rows": len(rows),
        "problems": list(found),
        "sha256": hashlib.sha256(submission.read_bytes()).hexdigest(),
        "ids_sha256": hashlib.sha256(ids.encode()).hexdigest(),
    }


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _said(count: int, noun: str, what: str, examples: Sequence[str]) -> str:
    more = ", …" if len(examples) > _SHOWN else ""
    return f"{count} {noun if count == 1 else noun + 's'} {what} {', '.join(examples[:_SHOWN])}{more}"
