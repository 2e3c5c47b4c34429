"""What a check finds: how grave, where, what, and how to mend it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How grave a finding is.

    An error is wrong wherever the project is. What is unready stops a push but not a check: a fresh clone has no
    notebook, no rehearsal and perhaps no owner yet, and nothing is wrong with it. A warning stops nothing.
    """

    error = "error"
    unready = "unready"
    warning = "warning"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing to mend.

    Attributes
    ----------
    check : str
        Which check found it: a stable name, for scripts.
    severity : Severity
        How grave it is.
    place : str
        The file and the place in it.
    problem, fix : str
        What is the matter there, and what would mend it.
    """

    check: str
    severity: Severity
    place: str
    problem: str
    fix: str


_ORDER = tuple(Severity)


def ordered(found: Iterable[Finding]) -> list[Finding]:
    """Sort the gravest first, each once."""
    return sorted(dict.fromkeys(found), key=lambda one: (_ORDER.index(one.severity), one.place, one.check))


def stops_a_push(found: Iterable[Finding]) -> bool:
    """Tell whether any of the findings keeps the notebook from being pushed."""
    return any(one.severity != Severity.warning for one in found)


def has_error(found: Iterable[Finding]) -> bool:
    """Tell whether anything is wrong with the project itself."""
    return any(one.severity == Severity.error for one in found)
