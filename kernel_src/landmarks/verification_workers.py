"""Verification in worker processes: pydegensac holds the GIL, so threads cannot run it in parallel."""

import logging
import os
import signal
import subprocess
import sys
import time
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from queue import SimpleQueue
from threading import Lock
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from landmarks.settings import VerificationSettings
from landmarks.verification import Inliers, verify

log = logging.getLogger(__name__)

START_AFTER_S = 2.0  # seconds of verification in this process; a few times the startup time of a worker
MIN_MATCHES = 20  # with fewer matches, sending a pair to a worker takes longer than verifying it


class VerificationPool:
    """A pool of processes with the interface of `verification.verify`. It returns the same inliers. Thread-safe.

    Workers are started only when the run verifies long enough to make up for their startup time. If a worker dies, for
    example because memory runs out, this process verifies its pair and takes over its share of the work. Workers end
    with the ``with`` block, or with this process.

    Parameters
    ----------
    workers : int, optional
        Number of processes. By default, one per processor.
    start_after_s : float
        Workers are started after this many seconds of verification in this process.
    """

    def __init__(self, workers: int | None = None, *, start_after_s: float = START_AFTER_S) -> None:
        self._count = workers or os.cpu_count() or 1
        self._start_after_s = start_after_s
        self._spent = 0.0
        self._lock = Lock()
        self._workers: list[_Worker] = []
        self._idle: SimpleQueue[_Worker | None] = SimpleQueue()  # None replaces a worker that died
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._closed = True
        for worker in self._workers:
            worker.process.kill()
            worker.process.wait()

    def __call__(
        self, query_points: NDArray[np.float32], train_points: NDArray[np.float32], settings: VerificationSettings
    ) -> Inliers:
        """Return the inliers of matched points, as `verification.verify` does."""
        if len(query_points) >= MIN_MATCHES and self._are_started():
            worker = self._idle.get()
            inliers = self._ask(worker, query_points, train_points, settings) if worker else None
            self._idle.put(worker if inliers else None)
            if inliers:
                return inliers
        started = time.perf_counter()
        inliers = verify(query_points, train_points, settings)
        self._spent += time.perf_counter() - started
        return inliers

    def _are_started(self) -> bool:
        with self._lock:
            if not self._workers and not self._closed and self._spent >= self._start_after_s:
                self._start()
            return bool(self._workers)

    def _start(self) -> None:
        try:
            for _ in range(self._count):
                self._workers.append(_Worker())
                self._idle.put(self._workers[-1])
        except OSError as error:  # no memory, or too many processes
            self._start_after_s = float("inf")
            log.warning(
                "%d of %d verification processes cannot be started: %s",
                self._count - len(self._workers),
                self._count,
                error,
            )

    def _ask(self, worker: "_Worker", *pair: Any) -> Inliers | None:
        """Return the inliers that a worker computes; None if it has died."""
        try:
            worker.connection.send(pair)
            inliers: Inliers = worker.connection.recv()
        except (OSError, EOFError):
            if not self._closed:
                status = worker.process.wait()
                log.warning("a verification process died (status %d); the run verifies its pairs itself", status)
            return None
        return inliers


class _Worker:
    """A process that runs `serve`.

    It is not started by `multiprocessing`: spawning would run the driver again, which may have no ``__main__`` guard,
    and forking is not safe after TensorFlow is imported.
    """

    def __init__(self) -> None:
        self.connection, other_end = Pipe()
        with other_end:
            self.process = subprocess.Popen(
                [sys.executable, "-c", f"from {__name__} import serve; serve({other_end.fileno()})"],
                env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "OPENBLAS_NUM_THREADS": "1"},
                stdin=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[other_end.fileno()],
            )


def serve(descriptor: int) -> None:
    """Verify pairs that are received through a pipe until it is closed. This is the main function of a worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the run handles Ctrl-C
    with Connection(descriptor) as connection:
        while True:
            try:
                pair = connection.recv()
            except EOFError:
                return
            connection.send(verify(*pair))
