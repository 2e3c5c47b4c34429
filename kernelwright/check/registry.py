"""Checks register themselves; a new one is a function in a file of this package, and nothing else is edited."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeVar

from kernelwright.errors import Problem

T = TypeVar("T")
Find = Callable[[T], Iterable[Problem]]


class Check(NamedTuple):
    """A name, stable for scripts and shared by some; what the function needs; the function, which yields problems."""

    name: str
    needs: type
    find: Find[Any]


REGISTERED: list[Check] = []


def register(name: str, needs: type[T]) -> Callable[[Find[T]], Find[T]]:
    """Make a check of the function below, which takes a ``needs`` and is left out where that cannot be had.

    `Files` can always be had, `Project` where the project loads, `Context` where the notebook can be assembled too.
    """

    def add(find: Find[T]) -> Find[T]:
        REGISTERED.append(Check(name, needs, find))
        return find

    return add
