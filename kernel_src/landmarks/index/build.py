"""Building an index: shard by shard, the same bytes whoever builds them; what an earlier run finished is kept."""

import hashlib
import logging
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from landmarks import dataset
from landmarks.dataset import Photo
from landmarks.embedding import Embedder, Model
from landmarks.errors import InvalidData, WrongIndex
from landmarks.faults import ImageFaults
from landmarks.index import manifest, shards
from landmarks.index.manifest import Manifest, Plan, Shard
from landmarks.index.recipe import differences, recipe, width
from landmarks.settings import Settings
from landmarks.weights import load_embedding_model

log = logging.getLogger(__name__)

PLAN = "plan.json"
"""In a folder under construction: what it is to become."""


@dataclass(frozen=True, kw_only=True)
class Embedding:
    """How a worker makes embeddings; it may be sent to other machines.

    Attributes
    ----------
    settings : Settings
        Models, and how images reach them.
    folders : tuple of Path
        Where the weights of each model are.
    threads : int
        That a sum may be split over. This decides how it is rounded, so it does not follow the number of workers.
    """

    settings: Settings
    folders: tuple[Path, ...]
    threads: int = 1


@dataclass(frozen=True, kw_only=True)
class Task:
    """A shard to build: photos with their labels, in the order of the ids."""

    number: int
    photos: tuple[Photo, ...]
    labels: tuple[str, ...]


Workers = Callable[[Embedding, Path, Sequence[Task]], Iterator[tuple[int, Shard]]]
"""Builds shards in a folder, in any order, and yields each when it is there."""


class Worker:
    """Builds shards, with models that are loaded once."""

    def __init__(self, embedding: Embedding, folder: Path) -> None:
        self._embedding, self._folder = embedding, folder
        models: list[Model] = [
            load_embedding_model(place, weights)
            for place, weights in zip(embedding.folders, embedding.settings.models, strict=True)
        ]
        self._embedder = Embedder(models, embedding.settings.embedding, ImageFaults())

    def __call__(self, task: Task) -> Shard:
        """Build a shard. The batches are its own, and so the same whoever builds it, and after whatever else."""
        label_of = dict(zip(task.photos, task.labels, strict=True))
        embedded = [(photo, vector) for photo, vector in self._embedder(task.photos) if vector is not None]
        labels = {photo.id: label_of[photo] for photo, _ in embedded}
        vectors = np.stack([vector for _, vector in embedded]) if embedded else self._none()
        return shards.write(self._folder, task.number, labels, vectors)

    def _none(self) -> NDArray[np.float32]:
        return np.empty((0, width(recipe(self._embedding.settings, self._embedding.folders))), np.float32)


def use_threads(threads: int) -> None:
    """Split no sum over more threads than this; to be called before TensorFlow computes anything."""
    tf.config.threading.set_intra_op_parallelism_threads(threads)


def in_this_process(embedding: Embedding, folder: Path, tasks: Sequence[Task]) -> Iterator[tuple[int, Shard]]:
    """Build shards one after the other."""
    worker = Worker(embedding, folder)
    for task in tasks:
        yield task.number, worker(task)


def build(  # noqa: PLR0913 - what a command line gives
    images: Path, labels_csv: Path, output: Path, embedding: Embedding, *, rows: int, workers: Workers = in_this_process
) -> Manifest:
    """Build an index beside its place, then rename it; one that is there already is left as it is.

    Parameters
    ----------
    images : Path
        A folder of ``*.jpg``, to any depth; those without a label are left out.
    labels_csv : Path
        Columns ``id`` and ``landmark_id``, as ``train.csv`` has them.
    output : Path
        The index. What is unfinished stands in ``<output>.unfinished``, and is continued by the next call.
    embedding : Embedding
        How.
    rows : int
        Images of a shard.
    workers : Workers
        Who builds the shards.

    Raises
    ------
    WrongIndex
        If another index is at ``output``, finished or not, or no image can be embedded.
    InvalidData, WrongModelFile, WrongWeights
        If images, labels or weights are not what they should be.
    """
    photos, labels = _labelled(images, labels_csv)
    planned = Plan(
        recipe=recipe(embedding.settings, embedding.folders),
        photos=_digest(photos, labels),
        batch=embedding.settings.embedding.batch,
        rows=rows,
    )
    if output.exists():
        stored = manifest.read(output)
        _require_same(output, stored.plan, planned)
        log.info("%s: this index is there already", output)
        return stored
    folder = _begun(output, planned)
    tasks = [*_tasks(photos, labels, rows)]
    built = _built(folder, tasks, embedding, workers, width(planned.recipe))
    if not any(shard.rows for shard in built):
        raise WrongIndex(f"{images}: none of {len(photos)} images can be embedded; look at the log above for why")
    whole = Manifest(plan=planned, width=width(planned.recipe), shards=tuple(built))
    _finish(folder, output, whole)
    log.info("%s: %d of %d images, %d shards", output, sum(shard.rows for shard in built), len(photos), len(built))
    return whole


def _labelled(images: Path, labels_csv: Path) -> tuple[list[Photo], list[str]]:
    label_of_id = dataset.read_labels(labels_csv)
    photos = dataset.list_images(images)
    labelled = [photo for photo in photos if photo.id in label_of_id]
    if not labelled:
        raise InvalidData(f"{labels_csv}: it holds no id of the {len(photos)} images in {images}; name their labels")
    if len(labelled) < len(photos):
        log.warning("skipped: %d of %d images have no label", len(photos) - len(labelled), len(photos))
    return labelled, [label_of_id[photo.id] for photo in labelled]


def _digest(photos: Iterable[Photo], labels: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for photo, label in zip(photos, labels, strict=True):
        digest.update(f"{photo.id},{label}\n".encode())
    return digest.hexdigest()


def _begun(output: Path, planned: Plan) -> Path:
    """Return the folder under construction, begun now or earlier."""
    folder = output.with_name(f"{output.name}.unfinished")
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / PLAN).exists():
        _require_same(folder, manifest.plan(manifest.read_json(folder / PLAN)), planned)
    elif any(folder.glob("[!.]*")):
        raise WrongIndex(f"{folder}: holds files and no {PLAN}; remove it, or name another output")
    else:
        shards.replace(folder / PLAN, manifest.dumped(planned))
    return folder


def _require_same(folder: Path, stored: Plan, planned: Plan) -> None:
    if problems := [*differences(stored.values(), planned.values(), names=("there", "now"))]:
        fix = "remove it, or name another output"
        raise WrongIndex("\n  ".join([f"{folder}: another index is there:", *problems, fix]))


def _tasks(photos: Sequence[Photo], labels: Sequence[str], rows: int) -> Iterator[Task]:
    for number, start in enumerate(range(0, len(photos), rows)):
        part = slice(start, start + rows)
        yield Task(number=number, photos=tuple(photos[part]), labels=tuple(labels[part]))


def _built(folder: Path, tasks: Sequence[Task], embedding: Embedding, workers: Workers, length: int) -> list[Shard]:
    """Return all shards, in order; those that an earlier run finished are not built again."""
    built = {task.number: shards.finished(folder, task.number, length) for task in tasks}
    left = [task for task in tasks if built[task.number] is None]
    if len(left) < len(tasks):
        log.info("%s: %d of %d shards are there already", folder, len(tasks) - len(left), len(tasks))
    started, images_done = time.monotonic(), 0
    size_of = {task.number: len(task.photos) for task in left}
    images_left = sum(size_of.values())
    for number, shard in workers(embedding, folder, left) if left else ():
        built[number] = shard
        images_done += size_of[number]
        rate = images_done / (time.monotonic() - started)
        minutes = (images_left - images_done) / rate / 60
        log.info(
            "shard %d: %d of %d images, %.1f images/s, %.0f min left", number, images_done, images_left, rate, minutes
        )
    return [shard for shard in built.values() if shard is not None]


def _finish(folder: Path, output: Path, whole: Manifest) -> None:
    """Leave what the manifest names and no more, and rename the folder."""
    shards.replace(folder / manifest.NAME, manifest.dumped(whole))
    (folder / PLAN).unlink()
    for left in folder.glob(f"{shards.UNFINISHED}*"):  # of workers that were killed
        left.unlink()
    shutil.move(folder, output)
