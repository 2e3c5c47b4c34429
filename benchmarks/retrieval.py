"""How fast neighbours are found: against the bare float32 product, faiss-cpu's flat index, and cdist query by query.

All run in one process on the same random embeddings, one after the other, twice; the better time of each counts.
faiss-cpu is installed into a folder of its own, made for the run. cdist is timed on a few queries and multiplied. The
gallery of the competition's size is searched in a process of its own, whose memory is measured.
"""

import importlib
import resource
import subprocess
import sys
import tempfile
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from timeit import timeit
from typing import Any

import numpy as np
from scipy.spatial.distance import cdist

from benchmarks._figures import Figure

ROOT = Path(__file__).parents[1]
SIZES = ((10_000, 100_000), (1_000, 10_000), (1_000, 100_000), (1_000, 1_000_000))
LENGTH, NEIGHBOURS, TIMED_BY_CDIST = 512, 3, 5
OF_THE_PRODUCT = 0.6
"""The part of numpy's own rate that should be reached."""
COMPETITION, QUERIES, CHECKED, MOST_GB = 1_580_000, 1_000, 20, 8.0
"""Rows of the competition's gallery, queries, those that are compared with the whole product, and the memory bound."""


def main() -> list[Figure]:
    """Print and return a figure per size; print also the memory that ours takes beside its inputs."""
    sys.path.insert(0, str(ROOT / "kernel_src"))
    figures = []
    # First, as the peak memory of a process counts that of its parent when it was started.
    subprocess.run([sys.executable, "-m", f"benchmarks.{Path(__file__).stem}"], cwd=ROOT, check=True)
    with tempfile.TemporaryDirectory() as folder:
        faiss = _faiss(folder)
        print(f"embeddings of {LENGTH} values, {NEIGHBOURS} neighbours")
        print(f"targets: {OF_THE_PRODUCT:.2f} of the product's rate, 1.0 of faiss\n")
        print("| queries x gallery | ours | memory | float32 product | ratio | faiss flat | ratio | cdist | ratio |")
        print("|---|--:|--:|--:|--:|--:|--:|--:|--:|")
        for queries, gallery in SIZES:
            figures += _measured(faiss, queries, gallery)
    return figures


def _faiss(folder: str) -> Any:
    uv = Path(sys.executable).with_name("uv")
    subprocess.run([uv, "pip", "install", "--quiet", "--no-deps", "--target", folder, "faiss-cpu"], check=True)
    sys.path.append(folder)
    return importlib.import_module("faiss")


def _measured(faiss: Any, count: int, rows: int) -> list[Figure]:
    from landmarks import retrieval
    from landmarks.settings import RetrievalSettings

    rng = np.random.default_rng(0)
    queries, gallery = (retrieval.l2_normalise(rng.standard_normal((n, LENGTH), np.float32)) for n in (count, rows))
    settings = RetrievalSettings(neighbours=NEIGHBOURS)
    index = faiss.IndexFlatIP(LENGTH)
    index.add(gallery)

    def ours() -> None:
        list(retrieval.nearest(queries, gallery, settings))

    def product() -> None:
        for start in range(0, count, settings.batch // 4):
            _ = queries[start : start + settings.batch // 4] @ gallery.T

    def one_by_one() -> None:
        for query in queries[:TIMED_BY_CDIST]:
            np.argpartition(cdist(query[None], gallery, "cosine")[0], NEIGHBOURS)

    def by_faiss() -> None:
        index.search(queries, NEIGHBOURS)

    ways: dict[Callable[[], None], float] = {ours: 1, product: 1, by_faiss: 1, one_by_one: count / TIMED_BY_CDIST}
    rounds = [[timeit(way, number=1) * factor for way, factor in ways.items()] for _ in range(2)]
    mine, *others = (min(times) for times in zip(*rounds, strict=True))
    compared = " | ".join(f"{seconds:.1f} s | {seconds / mine:.2f}" for seconds in others)
    print(f"| {count:,} x {rows:,} | {mine:.1f} s | {_megabytes(ours)} MB | {compared} |", flush=True)
    peers = dict(zip(("float32 product", "faiss flat", "cdist"), others, strict=True))
    targets = {"the product": peers["float32 product"] / OF_THE_PRODUCT, "faiss": peers["faiss flat"]}
    return [
        Figure(name=f"{count} x {rows}, beside {peer}", seconds=mine, target=target, peers=peers)
        for peer, target in targets.items()
    ]


def _megabytes(way: Callable[[], None]) -> int:
    tracemalloc.start()
    way()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak // 10**6


def _competition() -> None:
    """Print the time and the memory of a search in as many rows as the competition's gallery, once it is checked."""
    sys.path.insert(0, str(ROOT / "kernel_src"))
    from landmarks import retrieval
    from landmarks.settings import RetrievalSettings

    rng = np.random.default_rng(0)
    gallery = np.empty((COMPETITION, LENGTH), np.float32)
    for start in range(0, COMPETITION, 100_000):
        part = gallery[start : start + 100_000]
        rng.standard_normal(out=part, dtype=np.float32)
        part[:] = retrieval.l2_normalise(part)
    queries = retrieval.l2_normalise(rng.standard_normal((QUERIES, LENGTH), np.float32))
    results: list[retrieval.Nearest] = []
    settings = RetrievalSettings(neighbours=NEIGHBOURS)
    seconds = timeit(lambda: results.extend(retrieval.nearest(queries, gallery, settings)), number=1)
    best = np.argsort(-(queries[:CHECKED] @ gallery.T), axis=1)[:, :NEIGHBOURS]
    assert (best == [result.indices for result in results[:CHECKED]]).all(), "other neighbours than the product's"
    gigabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    word = "met" if gigabytes <= MOST_GB else "MISSED"
    print(f"{word}  {QUERIES:,} x {COMPETITION:,}: {seconds:.1f} s, {gigabytes:.1f} GB of memory, target {MOST_GB} GB")


if __name__ == "__main__":
    _competition()
