"""Workers on one machine or on many, by Ray Data: a process for each, with a GPU of its own where there is one."""

import logging
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from landmarks.errors import WorkerFailed
from landmarks.index.build import Embedding, Task, Worker, Workers, use_threads
from landmarks.index.manifest import Shard

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # Ray reads it when it is imported

try:
    import ray
    import ray.data
except ImportError as error:
    raise WorkerFailed(
        f"several workers need Ray ({error}); pip install 'kernelwright[scale]', or leave out --workers and --address"
    ) from error


def workers(count: int | None, address: str | None = None) -> Workers:
    """Return workers that Ray runs; one that is killed is started again, and its shard with it.

    Parameters
    ----------
    count : int, optional
        How many; else one for each GPU of the cluster, or for each core where there is none.
    address : str, optional
        Of a cluster that runs already; else one is started on this machine, and ended. All its machines must see the
        folders of images, weights and output under the same paths, and have this package installed.
    """

    def build_all(embedding: Embedding, folder: Path, tasks: Sequence[Task]) -> Iterator[tuple[int, Shard]]:
        with _cluster(count, address):
            try:
                yield from _built(embedding, folder, tasks, count)
            except ray.exceptions.RayError as error:
                cause = getattr(error, "cause", None) or error
                raise WorkerFailed(f"a worker failed: {cause}; what is finished is kept: run it again") from error

    return build_all


class _RayWorker:
    """A worker in a process of its own: rows of tasks in, rows of shards out."""

    def __init__(self, embedding: Embedding, folder: Path) -> None:
        use_threads(embedding.threads)
        self._worker = Worker(embedding, folder)

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        task: Task = row["task"]
        return {"number": task.number, "shard": self._worker(task)}


def _built(embedding: Embedding, folder: Path, tasks: Sequence[Task], count: int | None) -> Iterator[tuple[int, Shard]]:
    resources = ray.cluster_resources()
    gpus = int(resources.get("GPU", 0))
    ray.data.DataContext.get_current().enable_progress_bars = False
    # A block for each task, and one task at a time on a worker: a kill costs one shard.
    shards = ray.data.from_items([{"task": task} for task in tasks], override_num_blocks=len(tasks)).map(
        _RayWorker,
        fn_constructor_args=(embedding, folder),
        compute=ray.data.ActorPoolStrategy(
            size=min(count or gpus or int(resources["CPU"]), len(tasks)), max_tasks_in_flight_per_actor=1
        ),
        num_gpus=1 if gpus else 0,
        num_cpus=1,
    )
    for row in shards.iter_rows():
        yield row["number"], row["shard"]


@contextmanager
def _cluster(count: int | None, address: str | None) -> Iterator[None]:
    """Connect to a cluster, or start one on this machine whose files are removed with it."""
    with tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as folder:
        if address:
            ray.init(address=address, logging_level=logging.WARNING)
        else:
            cores = max(count or 0, os.cpu_count() or 1)
            ray.init(num_cpus=cores, include_dashboard=False, _temp_dir=folder, logging_level=logging.WARNING)
        try:
            yield
        finally:
            ray.shutdown()
