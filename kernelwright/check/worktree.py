"""The work tree that a push is tied to."""

from collections.abc import Iterator
from pathlib import Path

from kernelwright.check.finding import Finding, Severity
from kernelwright.errors import GitFailed
from kernelwright.support import git

WRITTEN_BY_A_PUSH = ("pushes.jsonl", ".kernelwright/")
"""To be committed after it, so no change that a push could leave out."""


def changed(root: Path) -> list[str]:
    """Return the paths whose changes no commit holds, but what a push writes itself; raises `GitFailed`."""
    return [path for path in git.uncommitted(root) if not path.startswith(WRITTEN_BY_A_PUSH)]


def check(root: Path) -> Iterator[Finding]:
    """Warn of changes that no commit holds, and of a repository that git refuses to read."""
    try:
        paths = changed(root)
    except GitFailed as error:
        fix = "make git read it (see `git status`): a push is recorded with its commit"
        yield Finding(check="git", severity=Severity.error, place="git", problem=str(error), fix=fix)
        return
    if paths:
        named = ", ".join(paths[:3]) + (f" and {len(paths) - 3} more" if len(paths) > 3 else "")
        fix = "commit them, so that a push can be told by its commit"
        problem = f"{len(paths)} uncommitted: {named}"
        yield Finding(check="git", severity=Severity.warning, place="git", problem=problem, fix=fix)
