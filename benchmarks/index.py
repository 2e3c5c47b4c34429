"""How fast an index of embeddings is built, by one process and by workers, and searched over its shards.

Small photographs of the mini dataset's scenes and its network, B0 at 128 px; the time of the whole command, with the
start of TensorFlow and, for workers, of Ray. The search is over random embeddings of 512 values in memory-mapped
float16 shards of 4,096 rows, beside the same as one float32 matrix.
"""

import importlib.util
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from timeit import timeit

import numpy as np
from numpy.typing import NDArray

from benchmarks._figures import Figure
from benchmarks.forecast import photograph

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "build" / "bench" / "index"
IMAGES, ROWS = 400, 100
QUERIES, GALLERIES, LENGTH, SHARD = 200, (100_000, 1_000_000), 512, 4096
SLOWER = 1.5
"""Times what the one matrix takes: the most that shards should."""


def main() -> list[Figure]:
    """Print and return a figure per way of building and per size of gallery."""
    sys.path.insert(0, str(ROOT / "kernel_src"))
    return [*_built(), *(_searched(rows) for rows in GALLERIES)]


def _built() -> list[Figure]:
    photograph(ROOT / "build" / "mini", FOLDER, IMAGES)
    with tempfile.TemporaryDirectory() as scratch:
        alone = timeit(lambda: _build(Path(scratch) / "alone"), number=1)
        print(f"{IMAGES} images, this process: {alone:.0f} s, {IMAGES / alone:.1f} images a second", flush=True)
        if importlib.util.find_spec("ray") is None:
            print("workers: Ray is not installed (pip install 'kernelwright[scale]')")
            return [Figure(name=f"{IMAGES} images, one process", seconds=alone)]
        figures = [Figure(name=f"{IMAGES} images, one process", seconds=alone)]
        for workers in (1, 2):
            build = partial(_build, Path(scratch) / str(workers), "--workers", str(workers))
            seconds = timeit(build, number=1)
            print(
                f"{IMAGES} images, {workers} workers: {seconds:.0f} s, {IMAGES / seconds:.1f} images a second",
                flush=True,
            )
            name = f"{IMAGES} images, workers: {workers}"
            figures.append(Figure(name=name, seconds=seconds, peers={"one process": alone}))
    return figures


def _build(output: Path, *options: str) -> None:
    competition = FOLDER / "landmark-recognition-2021"
    command = [sys.executable, "-m", "landmarks.index", "build", "--images", competition / "train"]
    command += ["--labels", competition / "train.csv", "--output", output, "--rows", str(ROWS)]
    command += ["--weights", *FOLDER.glob("effb7-512-ep12/*.h5"), *options]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "kernel_src"), "TF_CPP_MIN_LOG_LEVEL": "2"}
    subprocess.run(command, env=environment, check=True, capture_output=True)


def _searched(rows: int) -> Figure:
    from landmarks.index.search import Part, nearest
    from landmarks.retrieval import unit
    from landmarks.settings import RetrievalSettings

    rng = np.random.default_rng(0)
    queries, gallery = (unit(rng.standard_normal((count, LENGTH), np.float32)) for count in (QUERIES, rows))
    ids = [f"{row:08x}" for row in range(rows)]
    with tempfile.TemporaryDirectory() as folder:
        parts = [
            Part(ids=ids[start : start + SHARD], vectors=_mapped(Path(folder), start, gallery[start : start + SHARD]))
            for start in range(0, rows, SHARD)
        ]
        whole = [Part(ids=ids, vectors=gallery)]
        ways: Sequence[Callable[[], object]] = [
            lambda: list(nearest(queries, parts, RetrievalSettings())),
            lambda: list(nearest(queries, whole, RetrievalSettings())),
        ]
        rounds = [[timeit(way, number=1) for way in ways] for _ in range(2)]
    mine, one = (min(times) for times in zip(*rounds, strict=True))
    print(f"{QUERIES} queries, {rows:,} rows: {len(parts)} shards {mine:.2f} s, one matrix {one:.2f} s", flush=True)
    peers = {"one float32 matrix": one}
    return Figure(name=f"{QUERIES} x {rows} in {len(parts)} shards", seconds=mine, target=SLOWER * one, peers=peers)


def _mapped(folder: Path, start: int, rows: NDArray[np.float32]) -> NDArray[np.float16]:
    file = folder / f"{start}.npy"
    np.save(file, rows.astype(np.float16))
    mapped: NDArray[np.float16] = np.load(file, mmap_mode="r")
    return mapped


if __name__ == "__main__":
    main()
