"""What makes a table a valid submission, as a scorer that reads it with pandas sees it.

The one rule for `kernelwright.runtime.submission`, which refuses to write anything else, for a rehearsal and for the
output of a run on Kaggle. Where the sample does what is a problem elsewhere, it is none.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from kernelwright.runtime import cell_values, csv_file

Row = Sequence[object]

SHOWN = 3
"""How many examples of a problem are named."""
_ID_NAME = re.compile(r"(.*[_\s-])?id|.*[a-z]I[dD]", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Sample:
    """What the sample submission asks for; without rows, any ids do."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]] = ()

    @classmethod
    def read(cls, file: Path) -> "Sample":
        """Read a csv file; raises as `csv_file.read`."""
        header, *rows = csv_file.read(file) or [[]]
        return cls(header=header, rows=rows)


def problems(header: Sequence[str], rows: Sequence[Row], sample: Sample | None = None) -> list[str]:
    """Return all that is wrong with a table, alone and beside the sample: a sentence per kind of problem."""
    expected = list(sample.header) if sample else list(header)
    rows_asked = sample.rows if sample else ()  # a row cut short has empty cells at its end, as pandas reads it
    samples = [[*row, *[""] * (len(expected) - len(row))] for row in rows_asked if len(row) <= len(expected)]
    faults = []
    if list(header) != expected:
        faults.append(f"the header is {','.join(header) or 'empty'}; the sample's is {','.join(expected) or 'empty'}")
    if not rows:
        faults.append("no rows")
    key = id_column(expected, samples)
    whole = [row for row in rows if len(row) == len(header)]
    ragged = [f"row {number}" for number, row in enumerate(rows, 1) if len(row) != len(header)]
    faults += _say(ragged, "row", f"with other than {len(header)} values:")
    if key is None and len(rows) != len(samples):
        faults.append(f"the number of rows is {len(rows)}, the sample's is {len(samples)}")
    names = [f"row {number}" if key is None else str(row[key]) for number, row in enumerate(whole, 1)]
    if key is not None:
        faults += _id_problems(names, [row[key] for row in samples])
    faults += _null_problems(names, whole, samples)
    for place in range(len(header)) if samples and list(header) == expected else ():
        if place != key and all(cell_values.is_number(row[place]) for row in samples):
            lists = any(row[place].split()[1:] for row in samples)  # such as run lengths; those may be empty
            cells = zip(names, (row[place] for row in whole), strict=True)
            wrong = [
                name
                for name, cell in cells
                if not (cell_values.is_number(cell) or cell_values.is_null(cell) or (lists and cell == ""))
            ]
            faults += _say(wrong, "id", f"whose {header[place]} is no number, as it is in the sample:")
    return faults


def id_column(header: Sequence[str], samples: Sequence[Sequence[str]]) -> int | None:
    """Return the place of the column that names a row, the first without a sample; None where rows go by their order.

    It is the first column if its values differ in the sample, else the first that is called an id, else the first that
    does not say the same throughout.
    """
    columns = [[row[place] for row in samples] for place in range(len(header))]
    if not samples or not columns or len(set(columns[0])) == len(samples):
        return 0
    named = (place for place, name in enumerate(header) if _ID_NAME.fullmatch(name))
    varied = (place for place, column in enumerate(columns) if len(set(column)) > 1)
    return next(named, next(varied, None))


def _id_problems(ids: Sequence[str], wanted: Sequence[str]) -> Iterator[str]:
    counts, expected = Counter(ids), Counter(wanted)
    yield from _say([f"row {number}" for number, name in enumerate(ids, 1) if not name.strip()], "id", "empty:")
    if all(count == 1 for count in expected.values()):  # where the sample repeats an id, so may others
        yield from _say([name for name, count in counts.items() if count > 1 and name.strip()], "id", "repeated:")
    if wanted:
        yield from _say([name for name in expected if name not in counts], "id", "missing:")
        strangers = [name for name in counts if name.strip() and name not in expected]
        yield from _say(strangers, "id", "not in the sample:")


def _null_problems(names: Sequence[str], rows: Sequence[Row], samples: Sequence[Sequence[str]]) -> Iterator[str]:
    """Find what is read as NaN; a text that the sample itself holds in that column is a value there."""
    width = len(rows[0]) if rows else 0
    texts = [{row[place].strip() for row in samples if place < len(row)} for place in range(width)]
    wrong = [name for name, row in zip(names, rows, strict=True) if any(map(cell_values.is_null, row, texts))]
    yield from _say(wrong, "id", "with the value NaN:")
    opaque = [name for name, row in zip(names, rows, strict=True) if any(map(cell_values.is_opaque, row))]
    yield from _say(opaque, "id", "with bytes, an array or an object for a value:")


def _say(examples: Sequence[str], noun: str, what: str) -> list[str]:
    more = ", …" if len(examples) > SHOWN else ""
    plural = "" if len(examples) == 1 else "s"
    return [f"{len(examples)} {noun}{plural} {what} {', '.join(examples[:SHOWN])}{more}"] if examples else []
