"""How fast an index of embeddings is built, by one process and by workers of which one is killed, and searched.

Small photographs, those of the mini dataset again and again under other ids, and its network, B0 at 128 px; the time of
the whole command, with the start of TensorFlow and, for workers, of Ray. The search is over random embeddings of 512
values in memory-mapped float16 shards of 4,096 rows, as the kernel reads an index, beside one float32 matrix.
"""

import importlib.util
import itertools
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from timeit import timeit

import numpy as np
import psutil
from numpy.typing import NDArray

from benchmarks._figures import Figure

ROOT = Path(__file__).parents[1]
MINI = ROOT / "build" / "mini"
IMAGES, ROWS = 2000, 100
"""Images of the index, and of each of its shards: in five minutes there is no time for more, four times over."""
QUERIES, GALLERIES, LENGTH, SHARD = 200, (100_000, 1_000_000), 512, 4096
SLOWER = 1.5
"""Times what the one matrix takes: the most that shards should."""


def main() -> list[Figure]:
    """Print and return a figure per way of building and per size of gallery."""
    sys.path.insert(0, str(ROOT / "kernel_src"))
    return [*_built(), *(_searched(rows) for rows in GALLERIES)]


def _built() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        _photographs(folder / "images")
        alone = timeit(lambda: _wait(_start(folder, "alone")), number=1)
        yield _figure("one process", alone)
        if importlib.util.find_spec("ray") is None:
            print("workers: Ray is not installed (pip install 'kernelwright[scale]')")
            return
        for workers in ("1", "2"):
            seconds = timeit(lambda count=workers: _wait(_start(folder, count, "--workers", count)), number=1)
            yield _figure(f"workers: {workers}", seconds, alone)
        yield _figure("workers: 2, one of them killed", timeit(lambda: _killed(folder), number=1), alone)
        assert _contents(folder / "killed") == _contents(folder / "alone"), "other bytes than one process makes"


def _figure(how: str, seconds: float, alone: float | None = None) -> Figure:
    print(f"{IMAGES} images, {how}: {seconds:.0f} s, {IMAGES / seconds:.1f} images a second", flush=True)
    return Figure(name=f"{IMAGES} images, {how}", seconds=seconds, peers={"one process": alone} if alone else {})


def _photographs(folder: Path) -> None:
    from landmarks.dataset import image_path

    sources = itertools.cycle(sorted((MINI / "landmark-recognition-2021" / "train").rglob("*.jpg")))
    ids = [f"{number:016x}" for number in range(IMAGES)]
    for image_id, source in zip(ids, sources, strict=False):
        path = image_path(folder, "train", image_id)
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, path)
    lines = ["id,landmark_id", *(f"{image_id},1" for image_id in ids)]
    (folder / "train.csv").write_text("\n".join(lines) + "\n", "utf-8")


def _start(folder: Path, name: str, *options: str) -> "subprocess.Popen[bytes]":
    images = folder / "images"
    command = [sys.executable, "-m", "landmarks.index", "build", "--images", images / "train"]
    command += ["--labels", images / "train.csv", "--output", folder / name, "--rows", str(ROWS)]
    command += ["--weights", *MINI.glob("effb7-512-ep12/*.h5"), *options]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "kernel_src"), "TF_CPP_MIN_LOG_LEVEL": "2"}
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _wait(process: "subprocess.Popen[bytes]") -> None:
    if process.wait():
        raise subprocess.CalledProcessError(process.returncode, process.args)


def _killed(folder: Path) -> None:
    """Build with two workers and kill one of them once a shard is written."""
    process = _start(folder, "killed", "--workers", "2")
    while process.poll() is None and not [*(folder / "killed.unfinished").glob("0*.npy")]:
        time.sleep(0.05)
    children = psutil.Process(process.pid).children(recursive=True)
    next(child for child in children if "MapWorker" in " ".join(child.cmdline())).send_signal(signal.SIGKILL)
    _wait(process)


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def _searched(rows: int) -> Figure:
    from landmarks.index.search import Part, nearest
    from landmarks.index.shards import RowSelection
    from landmarks.retrieval import l2_normalise
    from landmarks.settings import RetrievalSettings

    rng = np.random.default_rng(0)
    queries, gallery = (l2_normalise(rng.standard_normal((count, LENGTH), np.float32)) for count in (QUERIES, rows))
    ids = [f"{row:08x}" for row in range(rows)]
    with tempfile.TemporaryDirectory() as folder:
        shards = [_mapped(Path(folder), start, gallery[start : start + SHARD]) for start in range(0, rows, SHARD)]
        parts = [Part(ids=ids, vectors=RowSelection(shards, np.arange(rows), LENGTH))]
        whole = [Part(ids=ids, vectors=gallery)]
        ways: Sequence[Callable[[], object]] = [
            lambda: list(nearest(queries, parts, RetrievalSettings())),
            lambda: list(nearest(queries, whole, RetrievalSettings())),
        ]
        rounds = [[timeit(way, number=1) for way in ways] for _ in range(2)]
    mine, one = (min(times) for times in zip(*rounds, strict=True))
    print(f"{QUERIES} queries, {rows:,} rows: {len(shards)} shards {mine:.2f} s, one matrix {one:.2f} s", flush=True)
    peers = {"one float32 matrix": one}
    return Figure(name=f"{QUERIES} x {rows} in {len(shards)} shards", seconds=mine, target=SLOWER * one, peers=peers)


def _mapped(folder: Path, start: int, rows: NDArray[np.float32]) -> NDArray[np.float16]:
    file = folder / f"{start}.npy"
    np.save(file, rows.astype(np.float16))
    mapped: NDArray[np.float16] = np.load(file, mmap_mode="r")
    return mapped


if __name__ == "__main__":
    main()
