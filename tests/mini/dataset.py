"""The competition's folder: photographs under their ids, and the three tables."""

import csv
import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import cv2

from tests.mini import scenes
from tests.mini.drawing import generator
from tests.mini.views import Camera, photograph

COMPETITION = "landmark-recognition-2021"
PUBLIC_ROWS = 1_580_470
"""Rows of the public train.csv, by which a kernel knows that it is not being scored."""
VIEWS = {"train": 8, "test": 2}
"""Photographs of each landmark."""
CAMERAS = {
    "train": Camera(),
    "test": Camera(zoom=(0.55, 0.9), exposure=0.3, cast=0.1, passers=3),
}
"""Queries are taken with less care than the gallery: details outlast that better than the whole."""


@dataclass(frozen=True, kw_only=True)
class Shot:
    """One photograph of the dataset."""

    split: str
    scene: str
    number: int

    @property
    def name(self) -> str:
        """What decides everything about the photograph."""
        return f"{self.split}/{self.scene}/{self.number}"

    @property
    def id(self) -> str:
        """Sixteen hexadecimal digits."""
        return hashlib.sha256(self.name.encode()).hexdigest()[:16]

    @property
    def label(self) -> int | None:
        """The landmark's number; None where there is no landmark."""
        return label(self.scene) if self.scene in scenes.LANDMARKS else None

    @property
    def path(self) -> Path:
        """Where the photograph lies in the competition's folder."""
        return Path(self.split, *self.id[:3], f"{self.id}.jpg")


def label(landmark: str) -> int:
    """Return a landmark's number, below the 203 094 of the real dataset."""
    return int(hashlib.sha256(landmark.encode()).hexdigest()[:12], 16) % 203_094


def shots() -> list[Shot]:
    """Return every photograph of the dataset: `VIEWS` of each landmark, one test image of each distractor."""
    views = [
        Shot(split=split, scene=scene, number=number)
        for split, count in VIEWS.items()
        for scene in scenes.LANDMARKS
        for number in range(count)
    ]
    return views + [Shot(split="test", scene=scene, number=0) for scene in scenes.DISTRACTORS]


def write(folder: Path, chosen: Iterable[Shot]) -> None:
    """Write the competition's folder.

    Parameters
    ----------
    folder : Path
        Created.
    chosen : iterable of Shot
        What it holds; the tables are in the order of the ids.
    """
    ordered = sorted(chosen, key=lambda shot: shot.id)
    drawn = {name: scenes.scene(name) for name in sorted({shot.scene for shot in ordered})}
    for shot in ordered:
        view = photograph(drawn[shot.scene], CAMERAS[shot.split], generator(shot.name))
        _write_jpeg(folder / shot.path, view, quality=int(generator(f"{shot.name} jpeg").integers(75, 93)))
    train, test = ([shot for shot in ordered if shot.split == split] for split in VIEWS)
    _write_table(folder / "train.csv", ("id", "landmark_id"), [(shot.id, shot.label) for shot in train])
    constant = f"{train[0].label} 0.1"
    _write_table(folder / "sample_submission.csv", ("id", "landmarks"), [(shot.id, constant) for shot in test])
    truths = [(shot.id, "" if shot.label is None else shot.label) for shot in test]
    _write_table(folder / "truth.csv", ("id", "landmarks"), truths)


def write_public(mini: Path, public: Path, rows: int = PUBLIC_ROWS) -> None:
    """Write the dataset as it looks while a notebook is saved: the same, but train.csv has all public rows.

    Parameters
    ----------
    mini : Path
        The dataset, an input folder.
    public : Path
        Created; its files are hard links to those of ``mini`` where the file system has them.
    rows : int
        Rows of its train.csv; those past the dataset's own name images that do not exist.
    """
    table = Path(COMPETITION, "train.csv")
    shutil.copytree(mini, public, copy_function=_link, ignore=shutil.ignore_patterns("train.csv", ".digest"))
    own = (mini / table).read_text()
    known = {line.split(",")[0] for line in own.splitlines()[1:]}
    labels = sorted({line.split(",")[1] for line in own.splitlines()[1:]})
    extra = islice((name for name in _ids() if name not in known), rows - len(known))
    padding = (f"{name},{labels[index % len(labels)]}\n" for index, name in enumerate(extra))
    (public / table).write_text(own + "".join(padding))


def _ids() -> Iterator[str]:
    # An odd multiplier permutes the 64-bit numbers, so no id comes twice.
    return (f"{count * 0x9E3779B97F4A7C15 % 2**64:016x}" for count in range(1, 2**64))


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _write_jpeg(path: Path, view: scenes.Image, quality: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    bgr = cv2.cvtColor(view, cv2.COLOR_RGB2BGR)
    path.write_bytes(cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes())


def _write_table(path: Path, header: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])
