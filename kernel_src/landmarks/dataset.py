"""The competition's folder: images, the labels of the gallery, the ids a submission must hold."""

import csv
import logging
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from landmarks.errors import InvalidData

SHOWN = 5  # problems of a file that an error lists

log = logging.getLogger(__name__)


@dataclass(frozen=True, order=True)
class Photo:
    """An image on disk: the gallery and the queries are made of these.

    Attributes
    ----------
    id : str
        The file's name without ``.jpg``, in lower case: ids are compared without case.
    path : Path
        The file.
    """

    id: str
    path: Path


class _Row(NamedTuple):
    """What is read of one row of a CSV file; ``line`` is the line it ends on, from 1."""

    id: str
    value: str | None
    line: int


def image_path(root: Path, split: str, image_id: str) -> Path:
    """Return where the competition keeps an image: ``root/train/0/1/2/012….jpg``."""
    return root.joinpath(split, *image_id[:3], f"{image_id}.jpg")


def list_images(folder: Path, first: int | None = None) -> list[Photo]:
    """Return the images of a split, sorted by id.

    What is named like an image and is no file, and the second file of an id, are skipped with a line in the log.

    Parameters
    ----------
    folder : Path
        The split's folder, searched to any depth for ``*.jpg``, in either case; links to a folder already searched
        are not followed.
    first : int, optional
        Take only this many, without walking through the rest of the folder: the first in the order of
        the folders, which is the order of the ids where folders are named by an id's first characters.

    Raises
    ------
    InvalidData
        If there is no image.
    """
    photos = sorted(islice(_unique(_walk(folder, set())), first))
    if not photos:
        raise InvalidData(f"{folder}: no *.jpg is found in it; attach the competition, whose splits are train and test")
    return photos


def read_labels(train_csv: Path, *, keep_going: bool = False) -> dict[str, str]:
    """Return the label of each image id; both stay strings, so that no digit is lost.

    Ids are lower case; a label written as a float is the whole number. A row repeated with the same label counts once.

    Parameters
    ----------
    train_csv : Path
        A CSV file with the columns ``id`` and ``landmark_id``.
    keep_going : bool
        Leave rows out that have no id or no label, take the first label of an id that has several, and log these rows.
        Where the file cannot be read to its end, take the rows before, and log it.

    Raises
    ------
    InvalidData
        Naming the file, the lines and all that is wrong with them: a missing column or cell, two labels of an id.
    """
    labels: dict[str, str] = {}
    problems = []
    for row in _read_rows(train_csv, "landmark_id", keep_going=keep_going):
        image_id, label = row.id.lower(), row.value or ""
        if "." in label:
            label = re.sub(r"^(\d+)\.0*$", r"\1", label)
        if not image_id or not label:
            problems.append(f"{train_csv}:{row.line}: no {'landmark_id' if image_id else 'id'}")
        elif labels.setdefault(image_id, label) != label:
            problems.append(f"{train_csv}:{row.line}: id {image_id} has label {label}, and {labels[image_id]} before")
    if problems and not keep_going:
        raise InvalidData(listed(problems, "each row needs id and landmark_id, and each id one label"))
    if problems:
        log.warning("%s", listed(problems, "these rows are left out"))
    return labels


def read_truth(truth_csv: Path) -> dict[str, tuple[str, ...]]:
    """Return the labels of each query: separated by spaces in the column ``landmarks``, none where it is empty.

    Raises
    ------
    InvalidData
        Naming the file, the lines and all that is wrong with them: a missing column or cell, a repeated id.
    """
    return {row.id: tuple((row.value or "").split()) for row in _complete_rows(truth_csv, unique=True)}


def read_predictions(submission: Path) -> Iterator[tuple[str, str, int]]:
    """Yield id, prediction (``label score``, or empty) and line of each row of a submission, repeated ids too.

    Raises
    ------
    InvalidData
        As `read_truth`, save for repeated ids.
    """
    for row in _complete_rows(submission, unique=False):
        yield row.id, row.value or "", row.line


def submission_ids(root: Path, queries: list[Photo], *, keep_going: bool = False) -> list[str]:
    """Return the ids that the submission must hold: those of the sample as written there, else of the queries' files.

    Raises
    ------
    InvalidData
        As `read_truth`, if there is a sample; with ``keep_going`` it is logged, and the queries' ids are taken.
    """
    sample = root / "sample_submission.csv"
    if sample.is_file():
        try:
            return [row.id for row in _complete_rows(sample, unique=True)]
        except InvalidData as error:
            if not keep_going:
                raise
            log.warning("%s; the ids come from the test folder", error)
    return [photo.path.stem for photo in queries]


def _walk(folder: Path, visited: set[tuple[int, int]]) -> Iterator[Photo]:
    """Yield the images in the order of their names; names are sorted without suffix, as the ids are."""
    try:
        status = folder.stat()
        entries = sorted(os.scandir(folder), key=lambda entry: os.path.splitext(entry.name)[0])  # noqa: PTH122 - a name
    except OSError as error:
        if visited:  # a split that is not there is told by list_images
            log.warning("skipped: %s: cannot be listed (%s)", folder, error.strerror)
        return
    if (status.st_dev, status.st_ino) in visited:
        log.warning("skipped: %s: a link to a folder already listed", folder)
        return
    visited.add((status.st_dev, status.st_ino))
    for entry in entries:
        path = Path(entry.path)
        named_as_image = path.suffix.lower() == ".jpg"
        if _is(entry.is_dir):
            if named_as_image:
                log.warning("skipped: %s: a folder, not an image", path)
            yield from _walk(path, visited)
        elif named_as_image and not _is_unicode(entry.name):
            log.warning("skipped: %s: the file name is not UTF-8", os.fsencode(entry.path))
        elif named_as_image and not _is(entry.is_file):
            log.warning("skipped: %s: not a regular file", path)
        elif named_as_image:
            yield Photo(path.stem.lower(), path)


def _is(kind: Callable[[], bool]) -> bool:
    """Return what a directory entry says of itself, mostly without a system call; False for a link to itself."""
    try:
        return kind()
    except OSError:
        return False


def _is_unicode(name: str) -> bool:
    # Python keeps bytes that are not UTF-8 as surrogates; TensorFlow and OpenCV crash on them.
    return not any("\ud800" <= character <= "\udfff" for character in name)


def _unique(photos: Iterable[Photo]) -> Iterator[Photo]:
    taken: dict[str, Path] = {}
    for photo in photos:
        if taken.setdefault(photo.id, photo.path) == photo.path:
            yield photo
        else:
            log.warning("skipped: %s: the id is that of %s", photo.path, taken[photo.id])


def _complete_rows(path: Path, *, unique: bool) -> list[_Row]:
    """Read ``id`` and ``landmarks``; a cell of ``landmarks`` may be empty, but must be there."""
    rows = [*_read_rows(path, "landmarks")]
    problems = [f"{path}:{row.line}: no id" for row in rows if not row.id]
    problems += [f"{path}:{row.line}: no landmarks" for row in rows if row.value is None]
    if unique:
        problems += _repeated(path, rows)
    if problems:
        raise InvalidData(listed(problems, "each row needs id and landmarks" + ", each id once" * unique))
    return rows


def _read_rows(path: Path, column: str, *, keep_going: bool = False) -> Iterator[_Row]:
    """Yield ``id`` and one column of a CSV file; lines without a mark on them are no rows, a missing cell is None.

    Rows are not collected: of the competition's million and a half, a list takes the garbage collector seconds.
    """
    csv.field_size_limit(sys.maxsize)  # a cell may be longer than the 131,072 characters of Python's default
    rows = 0
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            header = next(reader, [])
            if missing := [name for name in ("id", column) if name not in header]:
                names = ",".join(header) or "nothing"
                raise InvalidData(f"{path}:1: no column {' and '.join(missing)} in the header; it holds {names}")
            place, value_place = header.index("id"), header.index(column)
            for cells in reader:
                if "".join(cells).strip():
                    yield _Row(_cell(cells, place) or "", _cell(cells, value_place), reader.line_num)
                    rows += 1
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        problem = f"{path}: cannot be read ({error}); attach the competition's own file"
        if not keep_going or not rows:
            raise InvalidData(problem) from error
        log.error("%s; the %d rows before are used", problem, rows)  # noqa: TRY400 - its message says it all


def _cell(cells: Sequence[str], place: int) -> str | None:
    return cells[place].strip() if place < len(cells) else None


def _repeated(path: Path, rows: list[_Row]) -> Iterator[str]:
    first_lines: dict[str, int] = {}
    for row in rows:
        if row.id and first_lines.setdefault(row.id, row.line) != row.line:
            yield f"{path}:{row.line}: id {row.id} is repeated, it stands in line {first_lines[row.id]}"


def listed(problems: Sequence[str], fix: str, *, indent: str = "") -> str:
    """Return the first problems, a line each, how many more there are, and what to do about them."""
    more = [f"and {len(problems) - SHOWN} more"] if len(problems) > SHOWN else []
    return f"\n{indent}".join([*problems[:SHOWN], *more, fix])
