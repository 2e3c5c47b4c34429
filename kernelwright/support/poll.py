"""Looking again and again until something is so."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def poll(
    look: Callable[[], T | None], *, every: float, attempts: int | None = None, timeout: float | None = None
) -> T | None:
    """Return the first answer of ``look`` that is not None, None when it was given up.

    Parameters
    ----------
    look : callable
        What is asked, at once and then every ``every`` seconds.
    every : float
        Seconds between two looks.
    attempts : int or None
        How often to look at most.
    timeout : float or None
        Seconds after which there is no further look.
    """
    start, attempt = time.monotonic(), 1
    while (answer := look()) is None:
        if attempt == attempts or (timeout is not None and time.monotonic() - start > timeout):
            return None
        time.sleep(every)
        attempt += 1
    return answer
