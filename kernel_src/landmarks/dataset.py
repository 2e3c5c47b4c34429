"""The competition's folder: images, the labels of the gallery, the ids a submission must hold."""

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from landmarks.errors import InvalidData

SHOWN = 5  # problems of a file that an error lists


@dataclass(frozen=True, order=True)
class Photo:
    """An image on disk: the gallery and the queries are made of these. Ids are file names without ``.jpg``."""

    id: str
    path: Path


def image_path(root: Path, split: str, image_id: str) -> Path:
    """Return where the competition keeps an image: ``root/train/0/1/2/012….jpg``."""
    return root.joinpath(split, *image_id[:3], f"{image_id}.jpg")


def list_images(folder: Path, first: int | None = None) -> list[Photo]:
    """Return the images of a split, sorted by id.

    Parameters
    ----------
    folder : Path
        The split's folder, searched to any depth for ``*.jpg``.
    first : int, optional
        Take only this many, without walking through the rest of the folder: the first in the order of
        the folders, which is the order of the ids where folders are named by an id's first characters.

    Raises
    ------
    InvalidData
        If there is no image, or an id belongs to two files.
    """
    photos = sorted(islice(_walk(folder), first))
    if not photos:
        raise InvalidData(f"{folder}: no *.jpg is found in it; attach the competition, whose splits are train and test")
    counts = Counter(photo.id for photo in photos)
    if repeated := [f"{photo.path}: the id is repeated" for photo in photos if counts[photo.id] > 1]:
        raise InvalidData(_listed(repeated, "keep one file an id"))
    return photos


def read_labels(train_csv: Path) -> dict[str, str]:
    """Return the label of each image id; both stay strings, so that no digit is lost.

    Parameters
    ----------
    train_csv : Path
        A CSV file with the columns ``id`` and ``landmark_id``.

    Raises
    ------
    InvalidData
        Naming the file, the lines and all that is wrong with them: a missing column or cell, a repeated id.
    """
    return {image_id: label for image_id, label, _ in _rows(train_csv, "landmark_id")}


def read_truth(truth_csv: Path) -> dict[str, tuple[str, ...]]:
    """Return the labels of each query: separated by spaces in the column ``landmarks``, none where it is empty.

    Raises
    ------
    InvalidData
        As `read_labels`.
    """
    rows = _rows(truth_csv, "landmarks", empty=True)
    return {image_id: tuple(labels.split()) for image_id, labels, _ in rows}


def read_predictions(submission: Path) -> Iterator[tuple[str, str, int]]:
    """Yield id, prediction (``label score``, or empty) and line of each row of a submission, repeated ids too.

    Raises
    ------
    InvalidData
        As `read_labels`, save for repeated ids.
    """
    yield from _rows(submission, "landmarks", empty=True, unique=False)


def submission_ids(root: Path, queries: list[Photo]) -> list[str]:
    """Return the ids that the submission must hold: those of the sample in its order, else of the queries."""
    sample = root / "sample_submission.csv"
    if not sample.is_file():
        return [photo.id for photo in queries]
    return [image_id for image_id, _, _ in _rows(sample, "landmarks", empty=True)]


def _walk(folder: Path) -> Iterator[Photo]:
    entries = sorted(folder.iterdir(), key=lambda path: path.stem) if folder.is_dir() else []
    for entry in entries:
        if entry.suffix == ".jpg":
            yield Photo(entry.stem, entry)
        elif entry.is_dir():
            yield from _walk(entry)


def _rows(path: Path, column: str, *, empty: bool = False, unique: bool = True) -> list[tuple[str, str, int]]:
    """Read ``id`` and one column of a CSV file, with the line each row ends on."""
    table, lines = _table(path, column)
    rows = [(row.get("id") or "", row.get(column), line) for row, line in zip(table, lines, strict=True)]
    problems = [f"{path}:{line}: no id" for image_id, _, line in rows if not image_id]
    problems += [f"{path}:{line}: no {column}" for _, value, line in rows if value is None or not (value or empty)]
    if unique:
        problems += _repeated(path, rows)
    if problems:
        raise InvalidData(_listed(problems, f"each row needs id and {column}" + ", each id once" * unique))
    return [(image_id, value or "", line) for image_id, value, line in rows]


def _table(path: Path, column: str) -> tuple[list[dict[str, str | None]], list[int]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            if missing := [name for name in ("id", column) if name not in (reader.fieldnames or ())]:
                found = ",".join(reader.fieldnames or ()) or "nothing"
                raise InvalidData(f"{path}:1: no column {' and '.join(missing)} in the header; it holds {found}")
            pairs = [(row, reader.line_num) for row in reader]
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidData(f"{path}: cannot be read ({error}); attach the competition's own file") from error
    return [row for row, _ in pairs], [line for _, line in pairs]


def _repeated(path: Path, rows: list[tuple[str, str | None, int]]) -> Iterator[str]:
    seen: dict[str, int] = {}
    for image_id, _, line in rows:
        if image_id and seen.setdefault(image_id, line) != line:
            yield f"{path}:{line}: id {image_id} is repeated, it stands in line {seen[image_id]}"


def _listed(problems: list[str], fix: str) -> str:
    more = [f"and {len(problems) - SHOWN} more"] if len(problems) > SHOWN else []
    return "\n".join([*problems[:SHOWN], *more, fix])
