"""Verification in processes of its own: pydegensac holds the GIL, so that threads cannot share the processors."""

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

PAYS_AFTER = 2.0  # seconds of verification in this process: a few times what starting a worker takes
SMALL = 20  # matches; fewer are verified sooner than sent


class Verifiers:
    """Callable as `verification.verify`: the same inliers, found by worker processes once these pay.

    Threads may share it. A worker that dies, as where memory ends, loses nothing: this process verifies its pair again,
    and does its share from there on. Workers end with the block, or with this process.

    Parameters
    ----------
    workers : int, optional
        By default, one per processor.
    pays_after : float
        They are started after so many seconds of verification in this process.
    """

    def __init__(self, workers: int | None = None, *, pays_after: float = PAYS_AFTER) -> None:
        self._count = workers or os.cpu_count() or 1
        self._pays_after = pays_after
        self._spent = 0.0
        self._lock = Lock()
        self._workers: list[_Worker] = []
        self._idle: SimpleQueue[_Worker | None] = SimpleQueue()  # None stands for one that died
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
        """Return the inliers of matched points."""
        if len(query_points) >= SMALL and self._are_started():
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
            if not self._workers and not self._closed and self._spent >= self._pays_after:
                self._start()
            return bool(self._workers)

    def _start(self) -> None:
        try:
            for _ in range(self._count):
                self._workers.append(_Worker())
                self._idle.put(self._workers[-1])
        except OSError as error:  # no memory or no process is left
            self._pays_after = float("inf")
            log.warning(
                "%d of %d processes that verify cannot be started: %s",
                self._count - len(self._workers),
                self._count,
                error,
            )

    def _ask(self, worker: "_Worker", *pair: Any) -> Inliers | None:
        """Return the inliers that a worker finds; None if it died."""
        try:
            worker.connection.send(pair)
            inliers: Inliers = worker.connection.recv()
        except (OSError, EOFError):
            if not self._closed:
                status = worker.process.wait()
                log.warning("a process that verifies died (status %d); its pairs are done without it", status)
            return None
        return inliers


class _Worker:
    """A process of this module alone: a driver may lack a ``__main__`` guard, and TensorFlow a safe fork."""

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
    """Verify the pairs that come through a pipe until it is closed: what a worker process does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the run's to handle
    with Connection(descriptor) as connection:
        while True:
            try:
                pair = connection.recv()
            except EOFError:
                return
            connection.send(verify(*pair))
