"""Work done ahead of its consumer, by a few threads, in order; and work that is left where it stands in time."""

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

POLL = 0.2  # seconds between two looks at the clock, and at whether SIGTERM came
COMPUTES = "computes in time"
"""The name of the threads that may be abandoned."""


def ahead(work: Callable[[Item], Result], items: Iterable[Item], *, threads: int, depth: int) -> Iterator[Result]:
    """Yield ``work(item)`` per item, in order, while threads work on the next.

    At most ``depth`` results wait at a time. What ``work`` raises is raised here, at its item's turn.
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


def in_time(results: Iterable[Result], until: float) -> Iterator[Result]:
    """Yield results until a time, in seconds since the epoch, or SIGTERM; one that is under way then is abandoned.

    They are computed in a thread: a batch that TensorFlow compiles, or a model that loads, cannot be interrupted. An
    abandoned thread ends after the result that it works on. What computing raises is raised here.
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

    thread = Thread(target=compute, name=COMPUTES, daemon=True)
    thread.start()
    try:
        while (left := until - time.time()) > 0 and not budget.terminated():
            try:
                result = queue.get(timeout=min(left, POLL))
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
            atexit.register(end_without_tear_down)


def end_without_tear_down() -> None:
    """End the process at its exit, where a thread still computes: torn down under it, TensorFlow crashes."""
    if any(thread.name == COMPUTES for thread in threading.enumerate()):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(int(hasattr(sys, "last_type")))  # 1 after an error that nobody caught
