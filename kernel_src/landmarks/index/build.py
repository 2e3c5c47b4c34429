"""Building an index in shards. The result does not depend on the workers, and an interrupted build can be continued."""

import hashlib
import logging
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf

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
"""A file in an unfinished index: the plan that it is built by."""


@dataclass(frozen=True, kw_only=True)
class Embedding:
    """Everything a worker needs to compute embeddings. It can be sent to other machines.

    Attributes
    ----------
    settings : Settings
        ``models`` and ``embedding`` are used.
    folders : tuple of Path
        The folder of each model's weights.
    threads : int
        Threads per operation. The number influences rounding, so it must not depend on the number of workers.
    """

    settings: Settings
    folders: tuple[Path, ...]
    threads: int = 1


@dataclass(frozen=True, kw_only=True)
class Task:
    """A shard to build: photos and their labels, sorted by id."""

    number: int
    photos: tuple[Photo, ...]
    labels: tuple[str, ...]


Workers = Callable[[Embedding, Path, Sequence[Task]], Iterator[tuple[int, Shard]]]
"""A function that builds shards in a folder, in any order, and yields number and metadata of each finished shard."""


class Worker:
    """Builds shards. Models are loaded once."""

    def __init__(self, embedding: Embedding, folder: Path) -> None:
        self._embedding, self._folder = embedding, folder
        models: list[Model] = [
            load_embedding_model(place, weights)
            for place, weights in zip(embedding.folders, embedding.settings.models, strict=True)
        ]
        self._embedder = Embedder(models, embedding.settings.embedding, ImageFaults())

    def __call__(self, task: Task) -> Shard:
        """Build a shard. Batches do not span shards, so the result does not depend on the worker."""
        label_of = dict(zip(task.photos, task.labels, strict=True))
        embedded = [(photo, vector) for photo, vector in self._embedder(task.photos) if vector is not None]
        labels = {photo.id: label_of[photo] for photo, _ in embedded}
        if embedded:
            vectors = np.stack([vector for _, vector in embedded])
        else:
            vectors = np.empty((0, width(recipe(self._embedding.settings, self._embedding.folders))), np.float32)
        return shards.write(self._folder, task.number, labels, vectors)


def limit_threads(threads: int) -> None:
    """Limit the threads per TensorFlow operation. Must be called before the first operation."""
    tf.config.threading.set_intra_op_parallelism_threads(threads)


def in_this_process(embedding: Embedding, folder: Path, tasks: Sequence[Task]) -> Iterator[tuple[int, Shard]]:
    """Build shards sequentially in this process."""
    worker = Worker(embedding, folder)
    for task in tasks:
        yield task.number, worker(task)


def build(  # noqa: PLR0913 - the arguments of the command line
    images: Path, labels_csv: Path, output: Path, embedding: Embedding, *, rows: int, workers: Workers = in_this_process
) -> Manifest:
    """Build an index. An existing index that was built from the same inputs is not changed.

    Parameters
    ----------
    images : Path
        A folder with ``*.jpg`` files, searched recursively. Images without a label are skipped.
    labels_csv : Path
        A CSV file with the columns ``id`` and ``landmark_id``, like ``train.csv``.
    output : Path
        The folder of the index. It is built in ``<output>.unfinished`` and renamed at the end. A later call continues
        an unfinished index.
    embedding : Embedding
        Models and settings.
    rows : int
        Images per shard.
    workers : Workers
        Builds the shards.

    Returns
    -------
    Manifest
        The manifest of the index.

    Raises
    ------
    WrongIndex
        If another index, finished or not, exists at ``output``, or no image can be embedded.
    InvalidData, WrongModelFile, WrongWeights
        If images, labels or weights are invalid.
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
        log.info("%s: the index already exists", output)
        return stored
    folder = _unfinished_folder(output, planned)
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


def _unfinished_folder(output: Path, planned: Plan) -> Path:
    """Return the folder of the unfinished index, which is created unless an earlier call has started it."""
    folder = output.with_name(f"{output.name}.unfinished")
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / PLAN).exists():
        _require_same(folder, manifest.parse_plan(manifest.read_json(folder / PLAN)), planned)
    elif any(folder.glob("[!.]*")):
        raise WrongIndex(f"{folder}: holds files and no {PLAN}; remove it, or name another output")
    else:
        shards.write_atomically(folder / PLAN, manifest.dump(planned))
    return folder


def _require_same(folder: Path, stored: Plan, planned: Plan) -> None:
    if problems := [*differences(stored.values(), planned.values(), names=("in the existing index", "in this call"))]:
        fix = "remove it, or name another output"
        raise WrongIndex("\n  ".join([f"{folder}: another index exists:", *problems, fix]))


def _tasks(photos: Sequence[Photo], labels: Sequence[str], rows: int) -> Iterator[Task]:
    for number, start in enumerate(range(0, len(photos), rows)):
        part = slice(start, start + rows)
        yield Task(number=number, photos=tuple(photos[part]), labels=tuple(labels[part]))


def _built(folder: Path, tasks: Sequence[Task], embedding: Embedding, workers: Workers, length: int) -> list[Shard]:
    """Build the missing shards, and return all shards in order."""
    built = {task.number: shards.read_finished(folder, task.number, length) for task in tasks}
    missing = [task for task in tasks if built[task.number] is None]
    if len(missing) < len(tasks):
        log.info("%s: %d of %d shards exist already", folder, len(tasks) - len(missing), len(tasks))
    started, images_done = time.monotonic(), 0
    size_of = {task.number: len(task.photos) for task in missing}
    images_left = sum(size_of.values())
    for number, shard in workers(embedding, folder, missing) if missing else ():
        built[number] = shard
        images_done += size_of[number]
        rate = images_done / (time.monotonic() - started)
        minutes = (images_left - images_done) / rate / 60
        log.info(
            "shard %d: %d of %d images, %.1f images/s, %.0f min left", number, images_done, images_left, rate, minutes
        )
    return [shard for shard in built.values() if shard is not None]


def _finish(folder: Path, output: Path, whole: Manifest) -> None:
    """Write the manifest, remove all files that it does not name, and rename the folder."""
    shards.write_atomically(folder / manifest.NAME, manifest.dump(whole))
    (folder / PLAN).unlink()
    for partial in folder.glob(f"{shards.UNFINISHED}*"):  # left by workers that were killed
        partial.unlink()
    shutil.move(folder, output)
