"""Make a small input folder from a large one: keep fewer rows of its tables, in the proportions of the labels."""

import csv
import io
import itertools
import os
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from kernelwright.errors import InvalidInput
from kernelwright.project.model import Project
from kernelwright.rehearsal import attached, file_copies, tables
from kernelwright.runtime import submission_rules
from kernelwright.support import hashing

Row = Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table whose rows have an id."""

    path: Path
    header: Row
    rows: Sequence[Row]
    """Without the header."""
    key: int = 0
    """The index of the id column."""
    lines: Sequence[str] = ()
    """The text of a csv file, one string per record, the header first; empty for parquet."""
    coding: str = ""
    """The encoding of a csv file; empty for parquet."""

    @cached_property
    def ids(self) -> set[str]:
        """The ids of the rows."""
        return {row[self.key] for row in self.rows if self.key < len(row)}

    def places(self, ids: Collection[str]) -> list[int]:
        """Return the indices of the rows with these ids."""
        return [place for place, row in enumerate(self.rows) if self.key < len(row) and row[self.key] in ids]


@dataclass(frozen=True, kw_only=True)
class Kept:
    """How much of one table was kept."""

    name: str
    rows: int
    of: int
    label: str
    """The column whose proportions were kept; empty if no column has repeated values."""


def sample(project: Project, source: Path, target: Path, rows: int, label: str = "") -> list[Kept]:
    """Make the input folder ``target`` with ``rows`` ids of each split; keep everything without an id whole.

    Tables that share ids, such as the sample submission and the truth, form one split. A file belongs to an id if the
    file's name (without suffix) or the name of a folder around it is that id. The choice depends only on the data. The
    records that are kept of a csv file are kept byte for byte.

    Parameters
    ----------
    source : Path
        An input folder with one folder per attached source, or only the competition's folder.
    rows : int
        Number of ids of each split; if there are fewer, all are kept.
    label : str, optional
        The column whose proportions are kept. By default it is a column of the sample submission with repeated values,
        otherwise the first column with repeated values.

    Raises
    ------
    InvalidInput
        ``target`` exists and is not empty, no table of the competition has the sample's id column, or no table has the
        column ``label``.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise InvalidInput(f"{target}: is there already; remove it, or name another folder with --out")
    kept: list[Kept] = []
    for attached_source, folder in _sources(project, source):
        if attached_source.is_competition:
            kept += _cut_competition(project, folder, target / attached_source.place, rows, label)
        else:
            file_copies.copy_tree(folder, target / attached_source.place, file_copies.hard_link)
    return kept


def _sources(project: Project, source: Path) -> list[tuple[attached.Source, Path]]:
    competitions = project.metadata.competition_sources
    if not source.is_dir():
        raise InvalidInput(f"{source}: no such folder; name one with --from")
    if not competitions:
        raise InvalidInput(f"{project.metadata.id} attaches no competition whose tables could be cut")
    present_sources = [
        (attached_source, folder)
        for attached_source in attached.sources(project.metadata)
        if (folder := attached_source.within(source))
    ]
    if any(attached_source.is_competition for attached_source, _ in present_sources):
        return present_sources
    if len(competitions) == 1 and any(path.suffix in tables.SUFFIXES for path in source.iterdir()):
        return [(attached.sources(project.metadata)[0], source)]
    present = ", ".join(sorted(path.name for path in source.iterdir())[:6]) or "nothing"
    raise InvalidInput(
        f"{source}: neither a folder that holds {' or '.join(competitions)} nor that folder itself; it holds {present}"
    )


def _cut_competition(project: Project, source: Path, target: Path, rows: int, label: str) -> list[Kept]:
    walk = os.walk(source, followlinks=True)
    every = sorted(Path(below, name) for below, _, names in walk for name in names)
    files = [path for path in every if path.suffix in tables.SUFFIXES]
    python = Path(sys.executable)
    if any(path.suffix == ".parquet" for path in files):
        python = tables.parquet_python(project)
    keyed, columns = _keyed([_read(path, python) for path in files], source / project.configuration.sample)
    if label and not any(label in table.header for table in keyed):
        raise InvalidInput(f"{source}: no table has the column {label!r} that --label names")
    splits: list[list[Table]] = []  # each is a group of tables that share ids
    for table in keyed:
        touching = [split for split in splits if any(not table.ids.isdisjoint(other.ids) for other in split)]
        splits = [split for split in splits if split not in touching] + [[*itertools.chain(*touching), table]]
    chosen, kept = set[str](), []
    for split in splits:
        stratum = _stratum(split, [label] if label else columns)
        ids = _choose(split, stratum, rows)
        chosen |= ids
        column = stratum[0].header[stratum[1]] if stratum else ""
        for table in split:
            name = table.path.relative_to(source).as_posix()
            kept.append(Kept(name=name, rows=len(table.places(ids)), of=len(table.rows), label=column))
    _copy(source, target, keyed, chosen, python)
    return kept


def _read(path: Path, python: Path) -> Table:
    if not path.is_file():  # reading a named pipe would block forever
        raise InvalidInput(f"{path}: no file; remove it")
    try:
        if path.suffix == ".parquet":
            header, *rows = tables.read(path, python)
            return Table(path=path, header=header, rows=rows)
        return _read_csv(path)
    except (OSError, csv.Error, tables.Unreadable) as error:
        raise InvalidInput(f"{path}: cannot be read: {error}") from error


def _read_csv(path: Path) -> Table:
    """Read a csv file, with the text of each record as well as its cells."""
    data = path.read_bytes()
    coding = tables.coding(data)
    physical = list(io.StringIO(data.decode(coding), newline=""))  # newline="" leaves the line ends as they are
    limit = csv.field_size_limit(sys.maxsize)  # a setting of the whole process, restored below
    try:
        reader, records, start = csv.reader(physical), [], 0
        for row in reader:
            # A quoted cell may hold line ends, so one record may be several lines.
            records.append((row, "".join(physical[start : reader.line_num])))
            start = reader.line_num
    finally:
        csv.field_size_limit(limit)
    # Blank lines are dropped; an empty file has an empty header.
    records = [(row, line) for row, line in records if len(row) > 1 or (row and row[0].strip())] or [([], "")]
    rows, lines = [row for row, _ in records], [line for _, line in records]
    return Table(path=path, header=rows[0], rows=rows[1:], lines=lines, coding=coding)


def _keyed(read: Sequence[Table], sample_file: Path) -> tuple[list[Table], list[str]]:
    """Return the tables that have the sample's id column, and the sample's other columns."""
    key, columns = "id", list[str]()
    if sample_table := next((table for table in read if table.path == sample_file), None):
        place = submission_rules.id_column(sample_table.header, sample_table.rows)
        if place is None:
            raise InvalidInput(f"{sample_file}: no column names the rows, so nothing can be cut by it")
        key = sample_table.header[place]
        columns = [name for name in sample_table.header if name != key]
    keyed = [replace(table, key=list(table.header).index(key)) for table in read if key in table.header]
    if not keyed:
        raise InvalidInput(f"{sample_file.parent}: no table has the id column {key!r} of {sample_file.name}")
    return keyed, columns


def _stratum(split: Sequence[Table], names: Sequence[str]) -> tuple[Table, int] | None:
    """Return table and index of the column whose proportions are kept, None if no column has repeated values.

    It is the first of ``names`` with repeated values, otherwise the first such column.
    """
    columns = [(table, place) for table in split for place in range(len(table.header)) if place != table.key]
    repeating = []
    for table, place in columns:
        values = {row[place] for row in table.rows if place < len(row)}
        if 1 < len(values) < len(table.rows):
            repeating.append((table, place))
    named = [(table, place) for name in names for table, place in repeating if table.header[place] == name]
    return next(iter([*named, *repeating]), None)


def _choose(split: Sequence[Table], stratum: tuple[Table, int] | None, rows: int) -> set[str]:
    """Choose ``rows`` ids at equal steps through all ids in the order of their labels.

    So each label gets its share, give or take one.
    """
    labels: dict[str, str] = {}
    if stratum:
        table, column = stratum
        labels = {row[table.key]: row[column] for row in table.rows if len(row) == len(table.header)}
    every = set[str]().union(*(table.ids for table in split))
    # Within a label, the order is that of a digest, so that it does not follow the time or place that ids may encode.
    ids = sorted(every, key=lambda name: (labels.get(name, ""), hashing.sha256(name.encode("utf-8", "surrogatepass"))))
    count = min(rows, len(ids))
    return {ids[(2 * number + 1) * len(ids) // (2 * count)] for number in range(count)}  # the middle of each step


def _copy(source: Path, target: Path, keyed: Sequence[Table], chosen: Collection[str], python: Path) -> None:
    by_path = {table.path: table for table in keyed}
    all_ids = set[str]().union(*(table.ids for table in keyed))

    def keep(path: Path) -> bool:
        inside = path.relative_to(source)
        # A file belongs to the id in its own name, otherwise to that of the nearest folder. Without an id, it is kept.
        owner = next((name for name in (inside.stem, *reversed(inside.parent.parts)) if name in all_ids), "")
        return path not in by_path and (not owner or owner in chosen)

    file_copies.copy_tree(source, target, file_copies.hard_link, keep=keep)
    for path, table in by_path.items():
        places, file = table.places(chosen), target / path.relative_to(source)
        file.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".parquet":
            tables.cut_parquet(path, file, places, python)
        else:
            text = "".join([table.lines[0], *(table.lines[place + 1] for place in places)])
            file.write_bytes(text.encode(table.coding))
