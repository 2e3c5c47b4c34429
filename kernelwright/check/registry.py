"""The list of checks. To add one, write a function with `register` in a file of this package; no list is edited."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeVar

from kernelwright.errors import Problem

T = TypeVar("T")
Find = Callable[[T], Iterable[Problem]]


class Check(NamedTuple):
    """A check: its stable name, which several may share; its argument's type; the function that yields problems."""

    name: str
    needs: type
    find: Find[Any]


REGISTERED: list[Check] = []


def register(name: str, needs: type[T]) -> Callable[[Find[T]], Find[T]]:
    """Register the decorated function as a check that takes an object of type ``needs``.

    The check is skipped if there is no such object. `Files` always exists, `Project` if the project can be loaded, and
    `Context` if the notebook can also be built.
    """

    def add(find: Find[T]) -> Find[T]:
        REGISTERED.append(Check(name, needs, find))
        return find

    return add
