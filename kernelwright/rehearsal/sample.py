"""A small input folder out of a large one: fewer rows of its tables, in the proportions of the labels."""

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
    """A table whose rows belong to an id."""

    path: Path
    header: Row
    rows: Sequence[Row]
    """Without the header."""
    key: int = 0
    """The place of the id's column."""
    lines: Sequence[str] = ()
    coding: str = ""
    """A csv file's text, one string per record, the header first; empty for parquet."""

    @cached_property
    def ids(self) -> set[str]:
        """The ids of its rows."""
        return {row[self.key] for row in self.rows if self.key < len(row)}

    def places(self, ids: Collection[str]) -> list[int]:
        """Return where the rows of these ids are, from 0."""
        return [place for place, row in enumerate(self.rows) if self.key < len(row) and row[self.key] in ids]


@dataclass(frozen=True, kw_only=True)
class Kept:
    """How much was kept of one table; ``label`` is the column whose proportions were kept, empty where none repeats."""

    name: str
    rows: int
    of: int
    label: str


def sample(project: Project, source: Path, target: Path, rows: int, label: str = "") -> list[Kept]:
    """Make the input folder ``target`` with ``rows`` ids of each split; what belongs to no id is kept whole.

    Tables that share ids, as a sample submission and a truth do, are one split. A file belongs to the id that its
    name is, or the name of a folder around it. The choice depends on the data alone. What is kept of a csv file is
    kept byte for byte.

    Parameters
    ----------
    source : Path
        An input folder with a folder per attached source, or the competition's folder alone.
    rows : int
        Of each split; more than there are keeps all.
    label : str, optional
        The column to keep the proportions of; else one that the sample submission asks for, else the first whose
        values repeat.

    Raises
    ------
    InvalidInput
        ``target`` is there, no table of the competition has the sample's id column, or none the column ``label``.
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
    splits: list[list[Table]] = []  # tables that share ids
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
    if not path.is_file():  # reading a named pipe would wait for ever
        raise InvalidInput(f"{path}: no file; remove it")
    try:
        if path.suffix == ".parquet":
            header, *rows = tables.read(path, python)
            return Table(path=path, header=header, rows=rows)
        return _read_csv(path)
    except (OSError, csv.Error, tables.Unreadable) as error:
        raise InvalidInput(f"{path}: cannot be read: {error}") from error


def _read_csv(path: Path) -> Table:
    """Read a csv file with the text of each record beside its cells."""
    data = path.read_bytes()
    coding = tables.coding(data)
    physical = list(io.StringIO(data.decode(coding), newline=""))
    limit = csv.field_size_limit(sys.maxsize)
    try:
        reader, records, start = csv.reader(physical), [], 0
        for row in reader:
            records.append((row, "".join(physical[start : reader.line_num])))
            start = reader.line_num
    finally:
        csv.field_size_limit(limit)
    records = [(row, line) for row, line in records if len(row) > 1 or (row and row[0].strip())] or [([], "")]
    rows, lines = [row for row, _ in records], [line for _, line in records]
    return Table(path=path, header=rows[0], rows=rows[1:], lines=lines, coding=coding)


def _keyed(read: Sequence[Table], sample_file: Path) -> tuple[list[Table], list[str]]:
    """Return the tables that have the sample's id column, and the columns that the sample asks for beside it."""
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
    """Return the column to keep the proportions of: one of these names, else the first whose values repeat."""
    columns = [(table, place) for table in split for place in range(len(table.header)) if place != table.key]
    repeating = []
    for table, place in columns:
        values = {row[place] for row in table.rows if place < len(row)}
        if 1 < len(values) < len(table.rows):
            repeating.append((table, place))
    named = [(table, place) for name in names for table, place in repeating if table.header[place] == name]
    return next(iter([*named, *repeating]), None)


def _choose(split: Sequence[Table], stratum: tuple[Table, int] | None, rows: int) -> set[str]:
    """Take ids at equal steps through all of them, ordered by label: each label gets its share, give or take one."""
    labels: dict[str, str] = {}
    if stratum:
        table, column = stratum
        labels = {row[table.key]: row[column] for row in table.rows if len(row) == len(table.header)}
    every = set[str]().union(*(table.ids for table in split))
    # Within a label by a digest, which says nothing of the time or place that ids are from.
    ids = sorted(every, key=lambda name: (labels.get(name, ""), hashing.sha256(name.encode("utf-8", "surrogatepass"))))
    count = min(rows, len(ids))
    return {ids[(2 * number + 1) * len(ids) // (2 * count)] for number in range(count)}


def _copy(source: Path, target: Path, keyed: Sequence[Table], chosen: Collection[str], python: Path) -> None:
    by_path = {table.path: table for table in keyed}
    all_ids = set[str]().union(*(table.ids for table in keyed))

    def keep(path: Path) -> bool:
        inside = path.relative_to(source)
        # A file belongs to the id that is its own name, else that of the nearest folder; to none, it is kept.
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
