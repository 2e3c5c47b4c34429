"""What becomes of a project's files in a pull."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

Action = Literal["write", "delete", "conflict", "refuse", "note"]


@dataclass(frozen=True, kw_only=True)
class Change:
    """What becomes of one file.

    Attributes
    ----------
    action : str
        Written, deleted, left for the author to merge, refused, or only noted.
    place : str
        The file, relative to the project.
    what : str
        What was done to it in the notebook: ``edited``, ``added``, ``deleted``, ``merged``, or why it is refused.
    before, after : bytes or None
        Its content here, and what it would be; None for no file. A conflict without a content is one of a single
        cell, which stays in the notebook alone.
    """

    action: Action
    place: str
    what: str
    before: bytes | None = None
    after: bytes | None = None

    @property
    def diff(self) -> str:
        """The change as a unified diff, empty where nothing is written."""
        if self.action == "refuse" or (self.action == "conflict" and self.after is None):
            return ""
        old, new = (_lines(data) for data in (self.before, self.after))
        shown = difflib.unified_diff(old, new, f"a/{self.place}", f"b/{self.place}", lineterm="")
        return "\n".join(line.rstrip("\r\n") for line in shown)

    @property
    def marked(self) -> bool:
        """Whether its content is both versions, with conflict marks."""
        return self.action == "conflict" and any(line.startswith("<<<<<<< here") for line in _lines(self.after))


def _lines(data: bytes | None) -> list[str]:
    return (data or b"").decode("utf-8", "replace").splitlines(keepends=True)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """All changes, modules first."""

    changes: Sequence[Change] = field(default_factory=tuple)

    @property
    def clean(self) -> bool:
        """Whether nothing is in conflict or refused."""
        return not any(change.action in {"conflict", "refuse"} for change in self.changes)
