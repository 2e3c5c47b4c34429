"""How fast descriptors are matched: against the kd-tree, whose matches they are, OpenCV's brute force, and FLANN.

RootSIFT of photographs of scikit-image and of the same turned and made smaller; and vectors as DELG's are: signed, of
norm 1, a third of them seen again with noise. All in one process, BLAS on one thread as in a run; the best of rounds.
"""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from timeit import timeit

import cv2
import numpy as np
import skimage.data
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from threadpoolctl import threadpool_limits

from benchmarks._figures import Figure

sys.path.insert(0, str(Path(__file__).parents[1] / "kernel_src"))

SCENES = ("astronaut", "coffee", "gravel")
ROUNDS = 15
FASTER = 15
"""Than the kd-tree, at the least."""

Descriptors = NDArray[np.float32]


def main() -> list[Figure]:
    """Print and return a figure per pair of images."""
    print(
        "| descriptors | matches | ours | kd-tree | ratio | BFMatcher | ratio | FLANN | ratio | of its matches right |"
    )
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
    with threadpool_limits(1, "blas"):
        return [_measured(*pair) for pair in _pairs()]


def _pairs() -> Iterator[tuple[str, Descriptors, Descriptors, float]]:
    from landmarks.rootsift import RootSift
    from landmarks.settings import DelgSettings, RootSiftSettings

    for count in (1000, 2000):
        describe = RootSift(RootSiftSettings(longer_side_px=1000, max_features=count))
        for scene in SCENES:
            image = np.atleast_3d(getattr(skimage.data, scene)()).repeat(3, 2)[:, :, :3]
            height, width = image.shape[:2]
            turn = cv2.getRotationMatrix2D((width / 2, height / 2), 8, 0.8)
            query, train = (
                describe(view).descriptors for view in (image, cv2.warpAffine(image, turn, (width, height)))
            )
            yield f"RootSIFT of {scene}", query, train, RootSiftSettings().max_distance
    rng = np.random.default_rng(0)
    train, query = (_units(rng.standard_normal((1000, 128))) for _ in range(2))
    query[:333] = _units(train[:333] + rng.normal(0, 0.04, (333, 128)))
    yield "like DELG's", query, train, DelgSettings().max_distance


def _units(vectors: NDArray[np.float64]) -> Descriptors:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def _measured(name: str, query: Descriptors, train: Descriptors, bound: float) -> Figure:
    from landmarks.matching import match

    def by_tree() -> NDArray[np.int64]:
        nearest = cKDTree(train).query(query, distance_upper_bound=bound)[1]
        matched = np.flatnonzero(nearest < len(train))
        return np.stack([matched, nearest[matched]], axis=1)

    def by_opencv(matcher: cv2.DescriptorMatcher) -> set[tuple[int, int]]:
        return {(pair.queryIdx, pair.trainIdx) for pair in matcher.match(query, train) if pair.distance < bound}

    ours = match(query, train, max_distance=bound)
    assert np.array_equal(ours, by_tree()), f"{name}: not the matches of the kd-tree"
    wanted, by_flann = {*map(tuple, ours.tolist())}, by_opencv(cv2.FlannBasedMatcher())
    right = len(by_flann & wanted) / max(1, len(by_flann | wanted))
    ways: list[Callable[[], object]] = [
        lambda: match(query, train, max_distance=bound),
        by_tree,
        lambda: by_opencv(cv2.BFMatcher(cv2.NORM_L2)),
        lambda: by_opencv(cv2.FlannBasedMatcher()),
    ]
    rounds = [[timeit(way, number=1) for way in ways] for _ in range(ROUNDS)]
    mine, *others = (min(times) for times in zip(*rounds, strict=True))
    compared = " | ".join(f"{1e3 * seconds:.1f} ms | {seconds / mine:.1f}" for seconds in others)
    sizes = f"{len(query):,} x {len(train):,}"
    print(f"| {name}, {sizes} | {len(ours)} | {1e3 * mine:.1f} ms | {compared} | {right:.0%} |", flush=True)
    peers = dict(zip(("kd-tree", "BFMatcher", "FLANN"), others, strict=True))
    return Figure(name=f"{name}, {sizes}", seconds=mine, target=peers["kd-tree"] / FASTER, peers=peers)


if __name__ == "__main__":
    main()
