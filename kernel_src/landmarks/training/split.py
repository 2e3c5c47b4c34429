"""What is held out of training: queries of each landmark, looked up among images that are trained on."""

from dataclasses import dataclass, replace
from itertools import compress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landmarks.training.examples import Examples
from landmarks.training.sampling import apportion, by_class
from landmarks.training.settings import ValidationSettings


@dataclass(frozen=True, kw_only=True)
class Split:
    """A partition into what is trained on and queries, and the gallery that the queries are looked up in.

    ``gallery`` is a part of ``train``, as at inference. A query's label is -1 where its landmark is not trained on.
    """

    train: Examples
    gallery: Examples
    queries: Examples


def split(examples: Examples, settings: ValidationSettings, seed: int) -> Split:
    """Hold out images of each landmark in proportion, and leave at least one of each in training.

    A landmark with a single image stays whole in training, or is a distractor: a query that shows no landmark of the
    gallery, whose class is not trained.

    Parameters
    ----------
    examples : Examples
        All that can be trained on.
    settings : ValidationSettings
        How much is held out.
    seed : int
        The same seed splits the same examples equally.

    Returns
    -------
    Split
        The gallery holds an image of each query's landmark before it holds any other, up to its limit.
    """
    rng = np.random.default_rng((seed, 0x5911))  # a stream of its own, beside those of the epochs
    counts = examples.counts()
    expected = np.where(counts > 1, counts * settings.share, settings.distractors * counts)
    expected *= min(1.0, settings.max_queries / max(expected.sum(), 1.0))
    # One image of each landmark stays, unless it is the only one.
    held_out = np.minimum(apportion(expected, rng), np.where(counts > 1, counts - 1, counts))
    order, place = by_class(examples.labels, rng)
    is_query = place < held_out[examples.labels[order]]
    queries, train = np.sort(order[is_query]), np.sort(order[~is_query])
    gallery = _gallery(examples.labels, train, queries, settings.max_gallery, rng)
    parts = [examples.take(indices) for indices in (train, gallery, queries)]
    return Split(**dict(zip(("train", "gallery", "queries"), _renumbered(parts), strict=True)))


def _gallery(
    labels: NDArray[np.int32], train: NDArray[Any], queries: NDArray[Any], limit: int, rng: np.random.Generator
) -> NDArray[Any]:
    """Choose images of ``train``: first one of each landmark that is asked for, then any."""
    order, place = by_class(labels[train], rng)
    first = (place == 0) & np.isin(labels[train[order]], labels[queries])
    ranked = np.lexsort((rng.random(len(order)), ~first))
    return np.sort(train[order[ranked[:limit]]])


def _renumbered(parts: list[Examples]) -> list[Examples]:
    """Leave out the classes that are not trained; the first part is what is."""
    trained = parts[0].counts() > 0
    places = np.where(trained, np.cumsum(trained) - 1, -1).astype(np.int32)
    classes = tuple(compress(parts[0].classes, trained))
    return [replace(part, labels=places[part.labels], classes=classes) for part in parts]
