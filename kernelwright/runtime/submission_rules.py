"""What makes rows a valid submission."""

import csv
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

Row = Sequence[object]

SHOWN = 3  # examples of a problem
NULLS = {"none", "nan", "nat", "<na>"}


def problems(rows: Sequence[Row], header: Sequence[str], sample: Path | None) -> list[str]:
    """Return all that is wrong with the rows, alone and beside the sample; the first column is the id."""
    ids = [str(row[0]) if row else "" for row in rows]
    found = [*_malformed(rows, ids, len(header))]
    if sample:
        found += _unlike(sample, header, ids)
    return found


def _malformed(rows: Sequence[Row], ids: list[str], width: int) -> Iterator[str]:
    if not rows:
        yield "there are no rows"
    yield from _say(f"rows do not have {width} cells", _numbers(len(row) != width for row in rows))
    yield from _say("rows hold None or NaN", _numbers(any(map(_is_null, row)) for row in rows))
    yield from _say("ids are empty", _numbers(not one.strip() for one in ids))
    yield from _say("ids are repeated", [one for one, count in Counter(ids).items() if count > 1 and one.strip()])


def _unlike(sample: Path, header: Sequence[str], ids: list[str]) -> Iterator[str]:
    with sample.open(encoding="utf-8-sig", newline="") as file:
        expected, *rows = [row for row in csv.reader(file) if row] or [[]]
    if list(header) != expected:
        yield f"the header is {','.join(header)}, that of {sample.name} is {','.join(expected)}"
    wanted, given = dict.fromkeys(row[0] for row in rows), dict.fromkeys(ids)
    yield from _say(f"ids of {sample.name} are missing", [one for one in wanted if one not in given])
    yield from _say(f"ids are not in {sample.name}", [one for one in given if one.strip() and one not in wanted])


def _is_null(cell: object) -> bool:
    return not isinstance(cell, str) and str(cell).lower() in NULLS


def _numbers(faults: Iterable[bool]) -> list[str]:
    return [f"row {number}" for number, fault in enumerate(faults, 1) if fault]


def _say(what: str, examples: Collection[str]) -> Iterator[str]:
    if examples:
        shown = ", ".join([*examples][:SHOWN])
        yield f"{what}: {shown}" + (f" and {len(examples) - SHOWN} more" if len(examples) > SHOWN else "")
