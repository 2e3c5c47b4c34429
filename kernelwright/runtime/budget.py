"""The time that is left."""

import os
import time

from kernelwright.runtime import config

IMPORTED = time.time()


def left() -> float:
    """Return the seconds to the deadline, less than 0 when it has passed.

    The deadline is ``$KERNELWRIGHT_DEADLINE``, else ``limit_hours`` after ``$KERNELWRIGHT_STARTED``, when
    the set-up cell ran (both in seconds since the epoch), else after this module was imported.
    """
    started = float(os.environ.get("KERNELWRIGHT_STARTED") or IMPORTED)
    deadline = os.environ.get("KERNELWRIGHT_DEADLINE") or started + config.load().limit_hours * 3600
    return float(deadline) - time.time()
