"""The split into training and validation data."""

from dataclasses import dataclass, replace
from itertools import compress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landmarks.training.examples import Examples
from landmarks.training.sampling import apportion, shuffle_by_class
from landmarks.training.settings import ValidationSettings


@dataclass(frozen=True, kw_only=True)
class Split:
    """Training images, and validation queries with the gallery that they are compared with.

    ``train`` and ``queries`` are disjoint. As at inference, ``gallery`` is a subset of ``train``. The label of a query
    is -1 if its landmark is not in ``train``.
    """

    train: Examples
    gallery: Examples
    queries: Examples


def split(examples: Examples, settings: ValidationSettings, seed: int) -> Split:
    """Split examples by landmark: hold out the same share of each landmark, and keep at least one image of it.

    A landmark with a single image is either kept in the training data, or becomes a distractor: a query that shows no
    landmark of the gallery.

    Parameters
    ----------
    examples : Examples
        All usable examples.
    settings : ValidationSettings
        Number of held-out images.
    seed : int
        The result is deterministic for a seed.

    Returns
    -------
    Split
        Up to its limit, the gallery contains one image of each query's landmark first, then any others.
    """
    rng = np.random.default_rng((seed, 0x5911))  # a random stream that differs from those of the epochs
    counts = examples.counts()
    expected = np.where(counts > 1, counts * settings.share, settings.distractors * counts)
    expected *= min(1.0, settings.max_queries / max(expected.sum(), 1.0))
    # Keep one image of each landmark, except of distractors, whose only image is held out.
    held_out = np.minimum(apportion(expected, rng), np.where(counts > 1, counts - 1, counts))
    order, place = shuffle_by_class(examples.labels, rng)
    is_query = place < held_out[examples.labels[order]]
    queries, train = np.sort(order[is_query]), np.sort(order[~is_query])
    gallery = _gallery(examples.labels, train, queries, settings.max_gallery, rng)
    parts = [examples.take(indices) for indices in (train, gallery, queries)]
    return Split(**dict(zip(("train", "gallery", "queries"), _renumbered(parts), strict=True)))


def _gallery(
    labels: NDArray[np.int32], train: NDArray[Any], queries: NDArray[Any], limit: int, rng: np.random.Generator
) -> NDArray[Any]:
    """Choose images of ``train``: first one of each landmark of the queries, then any others."""
    order, place = shuffle_by_class(labels[train], rng)
    first = (place == 0) & np.isin(labels[train[order]], labels[queries])
    ranked = np.lexsort((rng.random(len(order)), ~first))
    return np.sort(train[order[ranked[:limit]]])


def _renumbered(parts: list[Examples]) -> list[Examples]:
    """Remove the classes that do not occur in the first part, which is the training data."""
    trained = parts[0].counts() > 0
    places = np.where(trained, np.cumsum(trained) - 1, -1).astype(np.int32)
    classes = tuple(compress(parts[0].classes, trained))
    return [replace(part, labels=places[part.labels], classes=classes) for part in parts]
