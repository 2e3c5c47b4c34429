"""The bed: a competition's folder of small photographs whose difficulties are those of the real data, and its parts."""

import csv
import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np

from benchmarks.accuracy import scenes
from benchmarks.accuracy.scenes import Scene
from tests.mini.drawing import Image, generator
from tests.mini.views import Camera, photograph

COMPETITION = "landmark-recognition-2021"
PARTS = ("validation", "test")
GALLERY, QUERIES, NONE, NON_LANDMARKS = 3000, 400, 134, 480
"""Gallery images; queries of each part, and how many of them show no landmark; images of the attached non-landmarks."""
MISLABELLED, JUNK = 0.03, 0.05
"""Share of gallery images under another landmark's label; of those that show no landmark at all."""
NIGHT = 0.12
"""Share of photographs taken at night."""
SINGLE_QUERIES = 0.1
"""Share of the queries with a landmark that show one of a single gallery image."""

SIDES_PX = (128, 160)
GALLERY_CAMERA = Camera(sides_px=SIDES_PX, zoom=(0.45, 0.95), tilt=0.18, turn_deg=9, exposure=0.35, cast=0.1, passers=3)
QUERY_CAMERA = Camera(sides_px=SIDES_PX, zoom=(0.3, 0.9), tilt=0.24, turn_deg=12, exposure=0.4, cast=0.14, passers=4)


@dataclass(frozen=True, kw_only=True)
class Shot:
    """One photograph: of what, under which label; ``landmark`` is None where the truth knows none.

    ``role`` is ``gallery``, ``validation``, ``test`` or ``non-landmarks``.
    """

    role: str
    number: int
    scene: Scene
    landmark: int | None

    @property
    def name(self) -> str:
        """What decides everything about the photograph."""
        return f"{self.role}/{self.scene.kind}/{self.scene.name}/{self.number}"

    @property
    def id(self) -> str:
        """Sixteen hexadecimal digits."""
        return hashlib.sha256(self.name.encode()).hexdigest()[:16]

    @property
    def path(self) -> Path:
        """Where it lies in the bed's folder."""
        split = {"gallery": "train", "non-landmarks": "non-landmarks"}.get(self.role, "test")
        return Path(split, *self.id[:3], f"{self.id}.jpg")


def shots() -> list[Shot]:
    """Return all photographs of the bed."""
    chosen = [*_gallery(generator("gallery"))]
    for part in PARTS:
        chosen += _queries(part, generator(part))
    negatives = scenes.distractors("non-landmarks", NON_LANDMARKS)
    chosen += [Shot(role="non-landmarks", number=n, scene=scene, landmark=None) for n, scene in enumerate(negatives)]
    return chosen


def write(folder: Path) -> None:
    """Write photographs, ``train.csv``, ``truth.csv`` and ``shots.json``; whole, or not at all."""
    beside = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(beside, ignore_errors=True)
    chosen = shots()
    for scene in sorted({shot.scene for shot in chosen}):
        picture = scene.draw()
        for shot in chosen:
            if shot.scene == scene:
                _write_jpeg(beside / shot.path, _view(picture, shot), generator(f"{shot.name} jpeg"))
    _write_table(beside / "train.csv", "landmark_id", (shot for shot in chosen if shot.role == "gallery"))
    _write_table(beside / "truth.csv", "landmarks", (shot for shot in chosen if shot.role in PARTS))
    listed = [{"id": shot.id, "path": str(shot.path), **asdict(shot)} for shot in chosen]
    (beside / "shots.json").write_text(json.dumps(listed, indent=0))
    beside.rename(folder)


def read(folder: Path) -> list[Shot]:
    """Return the photographs of a bed that is written."""
    listed = json.loads((folder / "shots.json").read_text())
    keys = ("role", "number", "landmark")
    return [Shot(**{key: entry[key] for key in keys}, scene=Scene(**entry["scene"])) for entry in listed]


def _gallery(rng: np.random.Generator) -> Iterator[Shot]:
    """Yield the gallery: landmarks with a long tail of class sizes, and some images that do not show theirs."""
    several, singles = scenes.landmarks(), scenes.singles()
    weights = rng.permutation(1.0 / np.arange(1, len(several) + 1) ** 0.7)
    left = GALLERY - len(singles) - 3 * len(several)
    sizes = 3 + np.floor(left * weights / weights.sum()).astype(int)
    sizes[sizes.argmax()] += GALLERY - len(singles) - sizes.sum()
    labels = np.repeat(np.arange(len(several)), sizes)
    shown = [several[label] for label in labels]
    spoilt = rng.permutation(len(labels))
    wrong, junk = (int(share * GALLERY) for share in (MISLABELLED, JUNK))
    for place in spoilt[:wrong]:
        shown[place] = several[int(rng.integers(len(several)))]
    for place, scene in zip(spoilt[wrong : wrong + junk], scenes.junk(junk), strict=True):
        shown[place] = scene
    for number, (label, scene) in enumerate(zip(labels.tolist(), shown, strict=True)):
        yield Shot(role="gallery", number=number, scene=scene, landmark=label)
    for number, scene in enumerate(singles):
        yield Shot(role="gallery", number=number, scene=scene, landmark=len(several) + number)


def _queries(part: str, rng: np.random.Generator) -> Iterator[Shot]:
    several, singles = scenes.landmarks(), scenes.singles()
    alone = rng.permutation(len(singles))[: round(SINGLE_QUERIES * (QUERIES - NONE))]
    for number in range(QUERIES - NONE - len(alone)):
        landmark = number % len(several)
        yield Shot(role=part, number=number, scene=several[landmark], landmark=landmark)
    for number, place in enumerate(alone.tolist()):
        yield Shot(role=part, number=number, scene=singles[place], landmark=len(several) + place)
    for number, scene in enumerate(scenes.distractors(part, NONE)):
        yield Shot(role=part, number=number, scene=scene, landmark=None)


def _view(picture: Image, shot: Shot) -> Image:
    rng = generator(shot.name)
    camera = QUERY_CAMERA if shot.role in PARTS else GALLERY_CAMERA
    view = photograph(picture, camera, rng)
    return _at_night(view, rng) if rng.random() < NIGHT else view


def _at_night(view: Image, rng: np.random.Generator) -> Image:
    """Return it dark, blue, lit by a few lamps, with the noise of a high sensitivity."""
    y, x = np.mgrid[: view.shape[0], : view.shape[1]]
    light = np.full(view.shape, 0.16) * (0.8, 0.9, 1.25)
    for _ in range(int(rng.integers(1, 4))):
        cy, cx = rng.uniform(0.2, 1.0) * view.shape[0], rng.uniform(0, 1) * view.shape[1]
        reach = np.exp(-((y - cy) ** 2 + (x - cx) ** 2) / (2 * (0.25 * view.shape[1]) ** 2))
        light += reach[..., np.newaxis] * (0.75, 0.6, 0.38)
    dark = view * light + rng.normal(0, 7, view.shape)
    return np.clip(dark, 0, 255).astype(np.uint8)


def _write_jpeg(path: Path, view: Image, rng: np.random.Generator) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(70, 93))]
    path.write_bytes(cv2.imencode(".jpg", cv2.cvtColor(view, cv2.COLOR_RGB2BGR), quality)[1].tobytes())


def _write_table(path: Path, column: str, rows: Iterable[Shot]) -> None:
    with path.open("w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(("id", column))
        table.writerows((shot.id, "" if shot.landmark is None else shot.landmark) for shot in rows)
