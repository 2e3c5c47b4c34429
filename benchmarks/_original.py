"""The original notebook's way, stage by stage: ``predict`` and cdist for one image, features described for every query.

Of its own are the calls and their order; pixels, DELG's call and the scores are those of `tests.kernel.reference`.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pydegensac
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

STAGES = ("embed", "retrieve", "verify")
NEIGHBOURS, MOST_VOTES = 3, 3

Features = tuple[NDArray[Any], NDArray[Any]]


@dataclass(frozen=True, kw_only=True)
class Result:
    """Seconds of each stage, and the label of each query; of queries without one, none."""

    seconds: dict[str, float]
    labels: dict[str, str]


def recognise(inputs: Path) -> Result:
    """Recognise the test images of an input folder with B7's and DELG's weights of the original's names."""
    from landmarks.dataset import read_labels
    from landmarks.settings import B7, SEED
    from landmarks.weights import load_embedding_model
    from tests.kernel.reference import judgement, pixels
    from tests.kernel.reference.delg import Reference

    root = inputs / SEED.competition
    labels = read_labels(root / "train.csv")
    gallery, queries = (_images(root / split) for split in ("train", "test"))
    model, sizes = load_embedding_model(inputs / B7.slug, B7)
    delg = Reference(inputs / SEED.local.delg.slug / SEED.local.delg.folder)
    seconds = dict.fromkeys(STAGES, 0.0)

    def timed(stage: str, work: Callable[..., Any], *arguments: Any) -> Any:
        started = time.perf_counter()
        result = work(*arguments)
        seconds[stage] += time.perf_counter() - started
        return result

    def embed(path: Path) -> NDArray[np.float32]:
        shown = pixels.for_global_model(path, sizes.resize_px, sizes.input_px)[None]
        embedding: NDArray[np.float32] = model.predict(shown, verbose=0)[0]
        return embedding

    def features(path: Path) -> Features:
        points, descriptors = delg.features(pixels.for_local_features(path))
        return points, descriptors

    def verified(query: Path, near: list[tuple[int, float]]) -> list[tuple[str, float]]:
        shown = features(query)
        counts = [_inliers(shown, features(gallery[row]), SEED.verification.seed) for row, _ in near]
        totals = [judgement.total(score, count) for (_, score), count in zip(near, counts, strict=True)]
        return [(labels[gallery[row].stem], total) for (row, _), total in zip(near, totals, strict=True)]

    vectors = np.stack([timed("embed", embed, path) for path in gallery])
    winners = {}
    for query in queries:
        near = timed("retrieve", _neighbours, timed("embed", embed, query), vectors)
        scored = timed("verify", verified, query, near)
        winners[query.stem] = judgement.winner(sorted(scored, key=lambda pair: -pair[1]), MOST_VOTES)
    return Result(seconds=seconds, labels={query: winner[0] for query, winner in winners.items() if winner})


def _images(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.jpg"), key=lambda path: path.stem)


def _neighbours(query: NDArray[np.float32], gallery: NDArray[np.float32]) -> list[tuple[int, float]]:
    distances = cdist(query[None], gallery, "cosine")[0]
    return [(int(row), 1.0 - float(distances[row])) for row in np.argsort(distances, kind="stable")[:NEIGHBOURS]]


def _inliers(query: Features, train: Features, seed: int) -> int:
    (points, descriptors), (train_points, train_descriptors) = query, train
    if not (len(descriptors) and len(train_descriptors)):
        return 0
    distances, nearest = cKDTree(train_descriptors).query(descriptors, distance_upper_bound=0.75)
    matched = np.isfinite(distances)
    if matched.sum() <= 4:
        return 0
    here, there = points[matched].astype(np.float64), train_points[nearest[matched]].astype(np.float64)
    try:
        _, mask = pydegensac.findHomography(here, there, 7.0, 0.99, 10_000, seed=seed)
    except np.linalg.LinAlgError:
        return 0
    return int(np.sum(mask))
