"""Reading an index: all files are verified, then mapped into memory."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from itertools import compress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from landmarks import dataset
from landmarks.errors import InvalidData, WrongIndex
from landmarks.index import manifest, shards
from landmarks.index.manifest import Manifest
from landmarks.index.recipe import Recipe, differences, recipe
from landmarks.index.search import Part
from landmarks.index.shards import RowSelection
from landmarks.results import Data
from landmarks.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Index:
    """The part of an index that a run uses.

    Attributes
    ----------
    labels : dict
        Label of each id, in the order of the rows.
    part : Part
        Ids and embeddings, as a part of the gallery.
    width : int
        Length of an embedding.
    """

    labels: dict[str, str]
    part: Part
    width: int

    def require_width(self, given: int) -> None:
        """Raise `WrongIndex` if its embeddings differ in length from those of the run."""
        if self.labels and self.width != given:
            raise WrongIndex(
                f"the index has embeddings of {self.width} values, the models give {given}; build it again"
            )


EMPTY_INDEX = Index(labels={}, part=Part(ids=[], vectors=np.empty((0, 0), np.float32)), width=0)


def open_attached(data: Data, settings: Settings, *, models: int, find: Callable[[str], Path]) -> Index:
    """Open the attached index of the settings; `EMPTY_INDEX` if they name none.

    Parameters
    ----------
    data : Data
        The gallery and the labels of the run.
    settings : Settings
        ``index``, ``index_enlarges_gallery``, and all settings that the embeddings depend on.
    models : int
        Number of global models of the run.
    find : callable
        Returns the folder of a slug.

    Raises
    ------
    WrongIndex
        As in `open_index`, or if a model of the settings is missing.
    """
    if settings.index is None:
        return EMPTY_INDEX
    needed = len(settings.models) + settings.delg_global
    if models < needed:
        raise WrongIndex(f"the index {settings.index} is of {needed} models, of which {models} can be used")
    return open_index(
        find(settings.index),
        recipe(settings, [find(weights.slug) for weights in settings.models]),
        gallery={photo.id for photo in data.gallery},
        labelled=data.labels,
        enlarge=settings.index_enlarges_gallery,
    )


def open_index(
    folder: Path, expected: Recipe, *, gallery: Collection[str], labelled: Collection[str], enlarge: bool = False
) -> Index:
    """Open an index, and select the images that a run may use.

    Parameters
    ----------
    folder : Path
        An index, built by ``python -m landmarks.index build``.
    expected : Recipe
        The recipe of the run's own embeddings.
    gallery : collection of str
        The ids of the run's gallery, which are selected.
    labelled : collection of str
        All ids of ``train.csv``.
    enlarge : bool
        Also select the ids that are not in ``train.csv``.

    Returns
    -------
    Index
        The selected images, sorted by id.

    Raises
    ------
    WrongIndex
        If the folder is not an index, or the index is damaged or has another recipe. The message names all problems.
    """
    stored = manifest.read(folder)
    others = [*differences(stored.plan.recipe, expected, names=("in the index", "in the settings"))]
    if others:
        problems = dataset.format_problems(others, "build it again", indent="  ")
        raise WrongIndex(f"{folder}: an index of other weights or settings:\n  {problems}")
    if damage := [
        problem for number, shard in enumerate(stored.shards) for problem in shards.find_damage(folder, number, shard)
    ]:
        problems = dataset.format_problems(damage, manifest.ATTACH_AGAIN, indent="  ")
        raise WrongIndex(f"{folder}: the index is damaged:\n  {problems}")
    try:
        matrices, labels = _read(folder, stored)
    except (OSError, ValueError, InvalidData) as error:
        raise WrongIndex(f"{folder}: the index is damaged: {error}; {manifest.ATTACH_AGAIN}") from error
    wanted = [image_id in gallery or (enlarge and image_id not in labelled) for image_id in labels]
    chosen = dict(sorted(compress(labels.items(), wanted)))
    row_of_id = {image_id: row for row, image_id in enumerate(labels)}
    rows = np.fromiter((row_of_id[image_id] for image_id in chosen), np.int64, len(chosen))
    part = Part(ids=[*chosen], vectors=RowSelection(matrices, rows, stored.width))
    return Index(labels=chosen, part=part, width=stored.width)


def _read(folder: Path, stored: Manifest) -> tuple[list[NDArray[np.float16]], dict[str, str]]:
    matrices: list[NDArray[np.float16]] = []
    labels: dict[str, str] = {}
    for number, shard in enumerate(stored.shards):
        vectors_path, photos_path = shards.paths(folder, number)
        own = dataset.read_labels(photos_path)
        matrices.append(shards.matrix(vectors_path, stored.width))
        if {len(own), len(matrices[-1])} != {shard.rows} or labels.keys() & own.keys():
            raise ValueError(f"{photos_path.name}: expected {shard.rows} ids that are in no other shard")
        labels |= own
    return matrices, labels
