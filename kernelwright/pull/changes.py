"""The changes that a pull makes to a project's files."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

Action = Literal["write", "delete", "conflict", "refuse", "note"]


@dataclass(frozen=True, kw_only=True)
class Change:
    """The change of one file.

    Attributes
    ----------
    action : str
        Write or delete the file, leave a conflict to the author, refuse the edit, or only note something.
    place : str
        The file's path, relative to the project.
    what : str
        ``edited``, ``added``, ``deleted`` or ``merged``, or why there is a conflict or a refusal.
    before, after : bytes or None
        The local content and the new content; None for no file. A conflict whose ``after`` is None concerns a single
        cell, which is not pulled.
    """

    action: Action
    place: str
    what: str
    before: bytes | None = None
    after: bytes | None = None

    @property
    def diff(self) -> str:
        """The change as a unified diff; empty if nothing is written."""
        if self.action == "refuse" or (self.action == "conflict" and self.after is None):
            return ""
        old, new = (_lines(data) for data in (self.before, self.after))
        shown = difflib.unified_diff(old, new, f"a/{self.place}", f"b/{self.place}", lineterm="")
        return "\n".join(line.rstrip("\r\n") for line in shown)

    @property
    def marked(self) -> bool:
        """Whether the new content holds both versions, between conflict markers."""
        return self.action == "conflict" and any(line.startswith("<<<<<<< here") for line in _lines(self.after))


def _lines(data: bytes | None) -> list[str]:
    return (data or b"").decode("utf-8", "replace").splitlines(keepends=True)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """All changes of a pull, modules first."""

    changes: Sequence[Change] = field(default_factory=tuple)

    @property
    def clean(self) -> bool:
        """Whether there is no conflict and no refusal."""
        return not any(change.action in {"conflict", "refuse"} for change in self.changes)
