"""Check for uncommitted changes: a push is recorded with its commit."""

from collections.abc import Iterator
from pathlib import Path

from kernelwright.check.context import Files
from kernelwright.check.registry import register
from kernelwright.errors import GitFailed, Problem
from kernelwright.support import git

WRITTEN_BY_A_PUSH = ("pushes.jsonl", ".kernelwright/")
"""Files that a push itself writes and that are committed afterwards; they do not count as uncommitted."""
_LISTED = 3


def changed(root: Path) -> list[str]:
    """Return the paths with uncommitted changes, without the files that a push writes. Raises `GitFailed`."""
    return [path for path in git.uncommitted(root) if not path.startswith(WRITTEN_BY_A_PUSH)]


@register("git", Files)
def worktree(files: Files) -> Iterator[Problem]:
    """Warn of uncommitted changes, and find a repository that git refuses to read."""
    try:
        paths = changed(files.root)
    except GitFailed as error:
        fix = "make git read it (see `git status`): a push is recorded with its commit"
        yield Problem(code="KW922", file="git", message=str(error), fix=fix)
        return
    if paths:
        named = ", ".join(paths[:_LISTED]) + (f" and {len(paths) - _LISTED} more" if len(paths) > _LISTED else "")
        fix = "commit them, so that the commit says what was pushed"
        yield Problem(code="KW921", file="git", message=f"{len(paths)} uncommitted: {named}", fix=fix)
