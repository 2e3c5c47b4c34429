"""The time that is left, and whether a signal has ended it."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from kernelwright.runtime import config

IMPORTED = time.time()

_terminated = threading.Event()


def deadline(hours: float | None = None) -> float:
    """Return when the notebook should end, in seconds since the epoch: what ``stages.stage(until=...)`` takes.

    The deadline is ``$KERNELWRIGHT_DEADLINE``, else ``hours`` (``limit_hours`` of the project where not given) after
    ``$KERNELWRIGHT_STARTED``, when the bootstrap cell ran (both in seconds since the epoch), else after this module was
    imported.
    """
    if named := os.environ.get("KERNELWRIGHT_DEADLINE"):
        return float(named)
    started = float(os.environ.get("KERNELWRIGHT_STARTED") or IMPORTED)
    return started + (config.load().limit_hours if hours is None else hours) * 3600


def left(hours: float | None = None) -> float:
    """Return the seconds to the deadline, less than 0 when it has passed; ``hours`` as `deadline` takes them."""
    return deadline(hours) - time.time()


@contextmanager
def ends_at_sigterm() -> Iterator[None]:
    """Within the block, let SIGTERM end stages as their time does, so that what they did is used.

    Stages without an end go on. Outside the main thread, where Python handles no signals, nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, lambda *_: _terminated.set())
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before or signal.SIG_DFL)


def terminated() -> bool:
    """Return whether SIGTERM came within `ends_at_sigterm`."""
    return _terminated.is_set()
