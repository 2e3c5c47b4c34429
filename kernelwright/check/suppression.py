"""Suppress findings by a comment on the line or by ``[tool.kernelwright.check]``."""

from contextlib import suppress
from fnmatch import fnmatchcase
from pathlib import Path

from kernelwright.check.finding import Finding
from kernelwright.project.config import Check

ALLOW = "kernelwright: allow"
"""A line with this comment is not checked."""
_ALWAYS_SHOWN = ("KW0", "KW2")  # files that cannot be read or built: no notebook can be built from them


def is_suppressed(finding: Finding, root: Path, wishes: Check) -> bool:
    """Return whether the configuration or a comment on the finding's line suppresses it."""
    if finding.code.startswith(_ALWAYS_SHOWN):
        return False
    of_file = (codes for glob, codes in wishes.per_file_ignores.items() if fnmatchcase(finding.file, glob))
    if any(map(finding.code.startswith, (wishes.ignore, *of_file))):
        return True
    if not isinstance(finding.place, int):
        return False
    with suppress(OSError, IndexError):  # the file or the line may not exist: `finding.file` can be a carried path
        return ALLOW in (root / finding.file).read_text("utf-8", "replace").split("\n")[finding.place - 1]
    return False
