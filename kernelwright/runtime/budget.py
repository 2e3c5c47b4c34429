"""The time that is left."""

import os
import time

from kernelwright.runtime import config

IMPORTED = time.time()


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
