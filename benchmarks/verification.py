"""How fast matched points are verified: by worker processes, by threads alone, and by OpenCV's USAC_MAGSAC in threads.

Random points, of which some follow a homography; four threads ask, as in a run; the best of rounds. USAC_MAGSAC finds
other inliers, and lets go of the GIL.
"""

import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks._figures import Figure

sys.path.insert(0, str(Path(__file__).parents[1] / "kernel_src"))

SIZES = ((5, 15, 1000), (40, 60, 800), (30, 300, 300), (30, 1000, 100))
"""Matches that agree, matches that do not, pairs."""
THREADS, ROUNDS = 4, 3
TILT = np.array([[0.9, 0.1, 30], [-0.05, 1.1, -20], [1e-4, 2e-4, 1]])

Points = NDArray[np.float32]


def main() -> list[Figure]:
    """Print and return a figure per size."""
    print("| right | wrong | workers | threads | ratio | USAC_MAGSAC | ratio |\n|--:|--:|--:|--:|--:|--:|--:|")
    return [_measured(*size) for size in SIZES]


def _measured(right: int, wrong: int, count: int) -> Figure:
    from landmarks.settings import VerificationSettings
    from landmarks.verification_workers import VerificationPool

    settings = VerificationSettings()
    pairs = [_scene(right, wrong, seed) for seed in range(count)]

    def by_magsac(query: Points, train: Points) -> object:
        bound, trials, confidence = settings.max_reprojection_error_px, settings.max_iterations, settings.confidence
        return cv2.findHomography(query, train, cv2.USAC_MAGSAC, bound, maxIters=trials, confidence=confidence)

    with VerificationPool(start_after_s=0) as workers, VerificationPool(start_after_s=float("inf")) as alone:
        ways: list[Callable[[Points, Points], object]] = [
            lambda query, train: workers(query, train, settings),
            lambda query, train: alone(query, train, settings),
            by_magsac,
        ]
        for query, train in pairs[: 2 * THREADS]:
            workers(query, train, settings)  # starts them
        rounds = [[_seconds(way, pairs) for way in ways] for _ in range(ROUNDS)]
    mine, threads, magsac = (min(times) for times in zip(*rounds, strict=True))
    rates = [f"{count / seconds:.0f}/s" for seconds in (mine, threads, magsac)]
    print(
        f"| {right} | {wrong} | {rates[0]} | {rates[1]} | {threads / mine:.2f} | {rates[2]} | {magsac / mine:.2f} |",
        flush=True,
    )
    peers = {"threads": threads, "USAC_MAGSAC": magsac}
    return Figure(name=f"{count} pairs, {right} of {right + wrong} right", seconds=mine, target=threads, peers=peers)


def _scene(right: int, wrong: int, seed: int) -> tuple[Points, Points]:
    rng = np.random.default_rng(seed)
    query = rng.uniform(0, 600, (right + wrong, 2))
    mapped = np.c_[query, np.ones(len(query))] @ TILT.T
    train = mapped[:, :2] / mapped[:, 2:]
    train[right:] = rng.uniform(0, 600, (wrong, 2))
    return query.astype(np.float32), train.astype(np.float32)


def _seconds(way: Callable[[Points, Points], object], pairs: list[tuple[Points, Points]]) -> float:
    with ThreadPoolExecutor(THREADS) as threads:
        started = time.perf_counter()
        list(threads.map(lambda pair: way(*pair), pairs))
        return time.perf_counter() - started


if __name__ == "__main__":
    main()
