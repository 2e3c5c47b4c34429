"""Workers on one or several machines, run by Ray Data. Each is a process, with a GPU of its own if there are GPUs."""

import logging
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from landmarks.errors import WorkerFailed
from landmarks.index.build import Embedding, Task, Worker, Workers, limit_threads
from landmarks.index.manifest import Shard

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # read when Ray is imported

try:
    import ray
    import ray.data
except ImportError as error:
    raise WorkerFailed(
        f"several workers need Ray ({error}); pip install 'kernelwright[scale]', or leave out --workers and --address"
    ) from error


def workers(count: int | None, address: str | None = None) -> Workers:
    """Return workers that are run by Ray. A killed worker is restarted, and its shard is built again.

    Parameters
    ----------
    count : int, optional
        Number of workers. By default, one per GPU of the cluster, or one per core if there are no GPUs.
    address : str, optional
        Address of a running cluster. Its machines must have this package installed, and access the folders of images,
        weights and output under the same paths. By default, a cluster is started on this machine, and stopped at the
        end.
    """

    def build_all(embedding: Embedding, folder: Path, tasks: Sequence[Task]) -> Iterator[tuple[int, Shard]]:
        with _cluster(count, address):
            try:
                yield from _built(embedding, folder, tasks, count)
            except ray.exceptions.RayError as error:
                cause = getattr(error, "cause", None) or error
                raise WorkerFailed(f"a worker failed: {cause}; finished shards are kept: run it again") from error

    return build_all


class _RayWorker:
    """A worker in a process of its own. It maps rows with tasks to rows with shards."""

    def __init__(self, embedding: Embedding, folder: Path) -> None:
        limit_threads(embedding.threads)
        self._worker = Worker(embedding, folder)

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        task: Task = row["task"]
        return {"number": task.number, "shard": self._worker(task)}


def _built(embedding: Embedding, folder: Path, tasks: Sequence[Task], count: int | None) -> Iterator[tuple[int, Shard]]:
    resources = ray.cluster_resources()
    gpus = int(resources.get("GPU", 0))
    ray.data.DataContext.get_current().enable_progress_bars = False
    # One block per task, and one task at a time per worker, so that a killed worker loses one shard.
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
    """Connect to a cluster, or start one on this machine with temporary files."""
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
