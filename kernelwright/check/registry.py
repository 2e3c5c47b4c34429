"""Checks register themselves; a new one is a function in a file of this package, and nothing else is edited."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from kernelwright.errors import Problem

T = TypeVar("T")
Find = Callable[[T], Iterable[Problem]]


@dataclass(frozen=True, kw_only=True)
class Check:
    """A registered check.

    Attributes
    ----------
    name : str
        Stable, for scripts; several functions may share one.
    needs : type
        What it is called with: `Files`, `Project` or `Context`. It is left out where that cannot be had.
    find : callable
        Yields the problems. A plain `Problem` gets the severity of its code, a `Finding` keeps its own.
    """

    name: str
    needs: type
    find: Find[Any]


REGISTERED: list[Check] = []


def register(name: str, needs: type[T]) -> Callable[[Find[T]], Find[T]]:
    """Make a check of the function below.

    Parameters
    ----------
    name : str
        What the findings are said to come from.
    needs : type
        What the function takes: `Files` also where the project cannot be loaded, `Project` where it can, `Context`
        where the notebook can be assembled too.
    """

    def add(find: Find[T]) -> Find[T]:
        REGISTERED.append(Check(name=name, needs=needs, find=find))
        return find

    return add
