"""Looking again and again until something is so."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def poll(look: Callable[[], T | None], *, every: float, attempts: int | None = None) -> T | None:
    """Return the first answer of ``look`` that is not None.

    Parameters
    ----------
    look : callable
        What is asked, at once and then every ``every`` seconds.
    every : float
        Seconds between two looks.
    attempts : int or None
        How often to look before giving up and returning None; None looks for ever.
    """
    attempt = 1
    while (answer := look()) is None and (attempts is None or attempt < attempts):
        time.sleep(every)
        attempt += 1
    return answer
