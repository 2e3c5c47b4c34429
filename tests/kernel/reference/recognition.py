"""The whole of the original notebook, from folders of images to rows of a submission, nothing kept between images."""

import csv

import numpy as np
import pydegensac

from tests.kernel.reference import judgement, pixels, search


def inliers(query, train, seed):
    (query_points, query_descriptors), (train_points, train_descriptors) = query, train
    pairs = search.matches(query_descriptors, train_descriptors, 0.75)
    if len(pairs) <= 4:
        return 0
    ours = np.array([query_points[one] for one, _ in pairs], np.float64)
    theirs = np.array([train_points[other] for _, other in pairs], np.float64)
    try:
        _, mask = pydegensac.findHomography(ours, theirs, 7.0, 0.99, 10000, seed=seed)
    except np.linalg.LinAlgError:
        return 0
    return int(np.sum(mask))


def recognise(root, embed, features, seed, k=3):
    """The rows before and after verification. ``embed`` and ``features`` are of a path, and of an RGB array."""
    with (root / "train.csv").open(newline="") as file:
        labels = {row["id"]: row["landmark_id"] for row in csv.DictReader(file)}
    gallery = sorted((root / "train").rglob("*.jpg"), key=lambda path: path.stem)
    vectors = [embed(path) for path in gallery]
    before, after = [], []
    for query in sorted((root / "test").rglob("*.jpg"), key=lambda path: path.stem):
        near = search.neighbours(embed(query), vectors, k)
        before.append((query.stem, *judgement.winner([(labels[gallery[row].stem], score) for row, score in near], 3)))
        shown = features(pixels.for_local_features(query))
        scored = []
        for row, score in near:
            count = inliers(shown, features(pixels.for_local_features(gallery[row])), seed)
            scored.append((labels[gallery[row].stem], judgement.total(score, count)))
        scored.sort(key=lambda pair: -pair[1])
        after.append((query.stem, *judgement.winner(scored, 3)))
    return before, after
