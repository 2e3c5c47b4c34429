"""Neighbours and matches, one distance at a time."""

import math

import numpy as np
from scipy.spatial import cKDTree


def cosine(one, other):
    lengths = [math.sqrt(sum(float(value) ** 2 for value in vector)) for vector in (one, other)]
    if 0 in lengths:
        return 0.0
    return sum(float(a) * float(b) for a, b in zip(one, other, strict=True)) / (lengths[0] * lengths[1])


def neighbours(query, gallery, k):
    """Rows of the gallery and their cosines, best first, of equal ones the earlier."""
    scored = [(row, cosine(query, vector)) for row, vector in enumerate(gallery)]
    return sorted(scored, key=lambda pair: (-pair[1], pair[0]))[:k]


def matches(query, train, bound):
    """Pairs of rows: each query descriptor with its nearest, if that is nearer than the bound."""
    if not len(query) or not len(train):
        return []
    tree = cKDTree(np.asarray(train, np.float64))
    pairs = []
    for row, descriptor in enumerate(np.asarray(query, np.float64)):
        distance, nearest = tree.query(descriptor, distance_upper_bound=bound)
        if math.isfinite(distance):
            pairs.append((row, int(nearest)))
    return pairs
