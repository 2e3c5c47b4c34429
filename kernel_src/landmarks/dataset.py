"""Reading the competition's folder: images, labels of the gallery, and the ids of the submission."""

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

MAX_LISTED = 5  # number of problems of a file that an error message lists

log = logging.getLogger(__name__)


@dataclass(frozen=True, order=True)
class Photo:
    """An image on disk.

    Attributes
    ----------
    id : str
        The file name without ``.jpg``, in lower case, because ids are case-insensitive.
    path : Path
        The file.
    """

    id: str
    path: Path


class _Row(NamedTuple):
    """An id and a value from one row of a CSV file. ``line`` is the number of its last line, counted from 1."""

    id: str
    value: str | None
    line: int


def image_path(root: Path, split: str, image_id: str) -> Path:
    """Return the path of an image in the competition's layout, such as ``root/train/0/1/2/012….jpg``."""
    return root.joinpath(split, *image_id[:3], f"{image_id}.jpg")


def list_images(folder: Path, first: int | None = None) -> list[Photo]:
    """Return the images of a split, sorted by id.

    Entries that are named like an image but are not regular files, and files with the id of another file, are logged
    and skipped.

    Parameters
    ----------
    folder : Path
        The folder of the split. It is searched recursively for ``*.jpg`` (case-insensitive). Links to a folder that was
        already searched are not followed.
    first : int, optional
        Return at most this many images, and stop the search after them. They are the first in the order of the folders.
        This is the order of the ids if folders are named after the first characters of the ids.

    Raises
    ------
    InvalidData
        If there are no images.
    """
    photos = sorted(islice(_unique(_walk(folder, set())), first))
    if not photos:
        raise InvalidData(f"{folder}: no *.jpg is found in it; attach the competition, whose splits are train and test")
    return photos


def read_labels(train_csv: Path, *, keep_going: bool = False) -> dict[str, str]:
    """Return the label of each image id, both as strings.

    Ids are converted to lower case, and labels that are written as floats to whole numbers. Repeated rows with the same
    label are accepted.

    Parameters
    ----------
    train_csv : Path
        A CSV file with the columns ``id`` and ``landmark_id``.
    keep_going : bool
        Log and skip rows without an id or a label, and all but the first label of an id. If reading fails in the middle
        of the file, log the error and return the rows before it.

    Raises
    ------
    InvalidData
        If a column or a cell is missing, or an id has two labels. The message names the file and all problems by line.
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
        raise InvalidData(format_problems(problems, "each row needs id and landmark_id, and each id one label"))
    if problems:
        log.warning("%s", format_problems(problems, "these rows are left out"))
    return labels


def read_truth(truth_csv: Path) -> dict[str, tuple[str, ...]]:
    """Return the labels of each query.

    They are separated by spaces in the column ``landmarks``, which is empty if the query shows no landmark.

    Raises
    ------
    InvalidData
        If a column or a cell is missing, or an id is repeated. The message names the file and all problems by line.
    """
    return {row.id: tuple((row.value or "").split()) for row in _complete_rows(truth_csv, unique=True)}


def read_predictions(submission: Path) -> Iterator[tuple[str, str, int]]:
    """Yield id, prediction (``label score``, or empty) and line number of each row of a submission.

    Raises
    ------
    InvalidData
        If a column or a cell is missing. Repeated ids are not an error.
    """
    for row in _complete_rows(submission, unique=False):
        yield row.id, row.value or "", row.line


def submission_ids(root: Path, queries: list[Photo], *, keep_going: bool = False) -> list[str]:
    """Return the ids of the submission, spelled as in the sample submission, or as the file names if there is none.

    Raises
    ------
    InvalidData
        If the sample submission is invalid. With ``keep_going``, the error is logged and the file names are used.
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
    """Yield the images recursively, sorted by name without suffix, which is the order of the ids."""
    try:
        status = folder.stat()
        entries = sorted(os.scandir(folder), key=lambda entry: os.path.splitext(entry.name)[0])  # noqa: PTH122 - a name
    except OSError as error:
        if visited:  # if the split itself is missing, list_images raises an error
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
    """Call ``entry.is_dir`` or ``entry.is_file``; False if it fails, as for a link to itself."""
    try:
        return kind()
    except OSError:
        return False


def _is_unicode(name: str) -> bool:
    # Python decodes bytes that are not UTF-8 to surrogates, on which TensorFlow and OpenCV crash.
    return not any("\ud800" <= character <= "\udfff" for character in name)


def _unique(photos: Iterable[Photo]) -> Iterator[Photo]:
    path_of_id: dict[str, Path] = {}
    for photo in photos:
        if path_of_id.setdefault(photo.id, photo.path) == photo.path:
            yield photo
        else:
            log.warning("skipped: %s: the id is that of %s", photo.path, path_of_id[photo.id])


def _complete_rows(path: Path, *, unique: bool) -> list[_Row]:
    """Read the columns ``id`` and ``landmarks``. A cell of ``landmarks`` may be empty, but must not be missing."""
    rows = [*_read_rows(path, "landmarks")]
    problems = [f"{path}:{row.line}: no id" for row in rows if not row.id]
    problems += [f"{path}:{row.line}: no landmarks" for row in rows if row.value is None]
    if unique:
        problems += _repeated(path, rows)
    if problems:
        raise InvalidData(format_problems(problems, "each row needs id and landmarks" + ", each id once" * unique))
    return rows


def _read_rows(path: Path, column: str, *, keep_going: bool = False) -> Iterator[_Row]:
    """Yield ``id`` and one column of each row of a CSV file. Blank lines are skipped, and a missing cell is None.

    This is a generator because garbage collection of a list of 1.5 million rows takes seconds.
    """
    csv.field_size_limit(sys.maxsize)  # a cell may be longer than Python's default of 131,072 characters
    rows = 0
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            header = next(reader, [])
            if missing := [name for name in ("id", column) if name not in header]:
                names = ",".join(header) or "nothing"
                raise InvalidData(f"{path}:1: no column {' and '.join(missing)} in the header; it holds {names}")
            id_column, value_column = header.index("id"), header.index(column)
            for cells in reader:
                if "".join(cells).strip():
                    yield _Row(_cell(cells, id_column) or "", _cell(cells, value_column), reader.line_num)
                    rows += 1
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        problem = f"{path}: cannot be read ({error}); attach the competition's own file"
        if not keep_going or not rows:
            raise InvalidData(problem) from error
        log.error("%s; the %d rows before are used", problem, rows)  # noqa: TRY400 - the message suffices


def _cell(cells: Sequence[str], column: int) -> str | None:
    return cells[column].strip() if column < len(cells) else None


def _repeated(path: Path, rows: list[_Row]) -> Iterator[str]:
    first_lines: dict[str, int] = {}
    for row in rows:
        if row.id and first_lines.setdefault(row.id, row.line) != row.line:
            yield f"{path}:{row.line}: id {row.id} is repeated, it stands in line {first_lines[row.id]}"


def format_problems(problems: Sequence[str], fix: str, *, indent: str = "") -> str:
    """Format problems, one per line: the first few, the number of others, and how to fix them."""
    more = [f"and {len(problems) - MAX_LISTED} more"] if len(problems) > MAX_LISTED else []
    return f"\n{indent}".join([*problems[:MAX_LISTED], *more, fix])
