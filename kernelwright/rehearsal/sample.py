"""A small input folder out of a large one: fewer rows of its tables, in the proportions of the labels."""

import csv
import hashlib
import os
import shutil
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kernelwright.errors import InvalidInput
from kernelwright.project.model import Project
from kernelwright.rehearsal import tables

Row = Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Table:
    """A CSV file whose rows belong to an id."""

    path: Path
    header: Row
    rows: Sequence[Row]
    key: int
    """The place of the id's column."""

    @property
    def ids(self) -> set[str]:
        """The ids of its rows."""
        return {row[self.key] for row in self.rows}


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What became of one table."""

    name: str
    rows: int
    of: int
    label: str
    """The column whose proportions were kept; empty where none repeats."""


def sample(project: Project, source: Path, target: Path, rows: int, label: str = "") -> list[Kept]:
    """Make the input folder ``target`` with ``rows`` ids of each split; what belongs to no id is kept whole.

    Tables that share ids, as a sample submission and a truth do, are one split. A file belongs to the id that its
    name is, or the name of a folder around it. The choice depends on the data alone.

    Parameters
    ----------
    source : Path
        An input folder with a folder for each attached source, or the competition's folder alone.
    rows : int
        Of each split; more than there are keeps all.
    label : str, optional
        The column to keep the proportions of; else the first whose values repeat.

    Raises
    ------
    InvalidInput
        ``target`` is there, or no table of the competition has the sample's id column.
    """
    if target.exists() and any(target.iterdir()):
        raise InvalidInput(f"{target}: is there already; remove it, or name another folder with --out")
    kept: list[Kept] = []
    for slug, folder in _sources(project, source).items():
        if slug in project.metadata.competition_sources:
            kept += _competition(project, folder, target / slug, rows, label)
        else:
            shutil.copytree(folder, target / slug, copy_function=link)
    return kept


def link(source: str, target: str) -> None:
    """Link a file, or copy it where it cannot be linked."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _sources(project: Project, source: Path) -> dict[str, Path]:
    competitions = project.metadata.competition_sources
    if not source.is_dir():
        raise InvalidInput(f"{source}: no such folder; name one with --from")
    present = {slug: source / slug for slug in project.metadata.slugs if (source / slug).is_dir()}
    if any(slug in present for slug in competitions):
        return present
    if len(competitions) == 1 and any(source.glob("*.csv")):
        return {competitions[0]: source}
    there = ", ".join(sorted(path.name for path in source.iterdir())[:6]) or "nothing"
    raise InvalidInput(
        f"{source}: neither a folder that holds {' or '.join(competitions)} nor that folder itself; it holds {there}"
    )


def _competition(project: Project, source: Path, target: Path, rows: int, label: str) -> list[Kept]:
    found = _tables(source, project.configuration.sample)
    known = set[str]().union(*(table.ids for table in found))
    chosen, kept = set[str](), []
    for split in _splits(found):
        stratum = _stratum(split, label)
        ids = _chosen(split, stratum, rows)
        chosen |= ids
        column = stratum[0].header[stratum[1]] if stratum else ""
        kept += [
            Kept(
                name=table.path.relative_to(source).as_posix(),
                rows=sum(row[table.key] in ids for row in table.rows),
                of=len(table.rows),
                label=column,
            )
            for table in split
        ]
    _copy(source, target, {table.path: table for table in found}, known, chosen)
    return kept


def _tables(folder: Path, sample_name: str) -> list[Table]:
    """Read the tables that have the sample's id column."""
    read = {path: tables.read(path) for path in sorted(folder.rglob("*.csv"))}
    first = read.get(folder / sample_name, [["id"]])[0]
    key = first[0] if first else "id"
    found = [
        Table(path=path, header=header, rows=[row for row in rows if len(row) == len(header)], key=header.index(key))
        for path, (header, *rows) in read.items()
        if key in header
    ]
    if not found:
        raise InvalidInput(f"{folder}: no .csv file has the column {key!r}, which {sample_name} starts with")
    return found


def _splits(found: Sequence[Table]) -> list[list[Table]]:
    """Group the tables that share ids."""
    splits: list[tuple[set[str], list[Table]]] = []
    for table in found:
        touching = [split for split in splits if not split[0].isdisjoint(table.ids)]
        merged = (set[str](table.ids).union(*(ids for ids, _ in touching)), [t for _, ts in touching for t in ts])
        splits = [split for split in splits if split not in touching] + [(merged[0], [*merged[1], table])]
    return [held for _, held in splits]


def _stratum(split: Sequence[Table], label: str) -> tuple[Table, int] | None:
    """Return the column to keep the proportions of: the one named, else the first whose values repeat."""
    for table in split:
        for place, name in enumerate(table.header):
            if name == label or (not label and place != table.key and _repeats(table, place)):
                return table, place
    return None


def _repeats(table: Table, place: int) -> bool:
    counts = Counter(row[place] for row in table.rows)
    return 1 < len(counts) < len(table.rows)


def _chosen(split: Sequence[Table], stratum: tuple[Table, int] | None, rows: int) -> set[str]:
    """Take ids at equal steps through all of them, ordered by label: each label gets its share, give or take one."""
    labels = {row[stratum[0].key]: row[stratum[1]] for row in stratum[0].rows} if stratum else {}
    ids = sorted(
        set[str]().union(*(table.ids for table in split)), key=lambda one: (labels.get(one, ""), _shuffled(one))
    )
    count = min(rows, len(ids))
    return {ids[(2 * number + 1) * len(ids) // (2 * count)] for number in range(count)}


def _shuffled(one: str) -> bytes:
    """Order ids by what says nothing of the time or place they are from."""
    return hashlib.sha256(one.encode()).digest()


def _copy(
    source: Path, target: Path, found: Mapping[Path, Table], known: Collection[str], chosen: Collection[str]
) -> None:
    for path in _files(source):
        place = target / path.relative_to(source)
        owner = _owner(path.relative_to(source), known)
        if path not in found and owner and owner not in chosen:
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        if path in found:
            _write(found[path], place, chosen)
        else:
            link(str(path), str(place))


def _files(folder: Path) -> Iterator[Path]:
    for below, folders, names in os.walk(folder):
        folders.sort()
        yield from (Path(below, name) for name in sorted(names))


def _owner(path: Path, known: Collection[str]) -> str:
    """Return the id a file belongs to: by its own name, else by the nearest folder; empty where it is none's."""
    names = (path.stem, *reversed(path.parent.parts))
    return next((name for name in names if name in known), "")


def _write(table: Table, place: Path, chosen: Collection[str]) -> None:
    with place.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(table.header)
        writer.writerows(row for row in table.rows if row[table.key] in chosen)
