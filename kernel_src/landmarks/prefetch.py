"""Work in background threads: results computed in advance, and iteration that stops at a deadline."""

import atexit
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import TypeVar

from kernelwright.runtime import budget

Item = TypeVar("Item")
Result = TypeVar("Result")

POLL_S = 0.2  # how often the deadline and SIGTERM are checked
THREAD_NAME = "iterate until deadline"
"""The name of threads that may still be running when the process exits."""


def prefetch(work: Callable[[Item], Result], items: Iterable[Item], *, threads: int, depth: int) -> Iterator[Result]:
    """Yield ``work(item)`` for each item, in order, while threads compute the next results.

    An exception of ``work`` is raised when the result of its item is due.

    Parameters
    ----------
    work : callable
        Called in a thread, once per item.
    items : iterable
        Consumed at most ``depth`` items in advance.
    threads : int
        Number of threads.
    depth : int
        Maximum number of results that are computed before they are needed.
    """
    source = iter(items)
    with ThreadPoolExecutor(threads) as pool:
        waiting: deque[Future[Result]] = deque(pool.submit(work, item) for item in islice(source, depth))
        try:
            while waiting:
                result = waiting.popleft().result()
                waiting.extend(pool.submit(work, item) for item in islice(source, 1))
                yield result
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def iterate_until(results: Iterable[Result], until: float) -> Iterator[Result]:
    """Yield results until a deadline or SIGTERM, and abandon the result that is being computed then.

    Results are computed in a thread, because TensorFlow cannot be interrupted while it compiles a batch or loads a
    model. An abandoned thread ends after its current result. Exceptions of the computation are raised here.

    Parameters
    ----------
    results : iterable
        The results, computed while they are iterated over.
    until : float
        The deadline, in seconds since the epoch.
    """
    queue: SimpleQueue[tuple[Result] | BaseException | None] = SimpleQueue()
    abandoned = Event()

    def compute() -> None:
        iterator = iter(results)
        try:
            while not abandoned.is_set():
                queue.put((next(iterator),))
        except StopIteration:
            queue.put(None)
        except BaseException as error:  # noqa: BLE001 - raised in the thread that waits
            queue.put(error)
        finally:
            close = getattr(iterator, "close", lambda: None)
            close()

    thread = Thread(target=compute, name=THREAD_NAME, daemon=True)
    thread.start()
    try:
        while (seconds_left := until - time.time()) > 0 and not budget.terminated():
            try:
                result = queue.get(timeout=min(seconds_left, POLL_S))
            except Empty:
                continue
            if isinstance(result, BaseException):
                raise result
            if result is None:
                return
            yield result[0]
    finally:
        abandoned.set()
        if thread.is_alive():
            atexit.register(exit_without_teardown)


def exit_without_teardown() -> None:
    """Skip the interpreter's teardown at exit while a thread still computes: TensorFlow would crash during it."""
    if any(thread.name == THREAD_NAME for thread in threading.enumerate()):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(int(hasattr(sys, "last_type")))  # status 1 after an uncaught exception
