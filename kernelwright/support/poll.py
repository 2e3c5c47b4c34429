"""Poll a function until it returns an answer."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def poll(
    look: Callable[[], T | None], *, every: float, attempts: int | None = None, timeout: float | None = None
) -> T | None:
    """Call ``look`` until it returns something other than None, and return that; None if no attempt succeeds.

    Parameters
    ----------
    look : callable
        The function to call, at once and then every ``every`` seconds.
    every : float
        Seconds between two calls.
    attempts : int or None
        Largest number of calls; None for no limit.
    timeout : float or None
        Seconds after which no further call is made; None for no limit.
    """
    start, attempt = time.monotonic(), 1
    while (answer := look()) is None:
        if attempt == attempts or (timeout is not None and time.monotonic() - start > timeout):
            return None
        time.sleep(every)
        attempt += 1
    return answer
