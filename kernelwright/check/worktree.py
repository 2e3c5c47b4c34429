"""The work tree that a push is tied to."""

from collections.abc import Iterator
from pathlib import Path

from kernelwright.check.context import Files
from kernelwright.check.registry import register
from kernelwright.errors import GitFailed, Problem
from kernelwright.support import git

WRITTEN_BY_A_PUSH = ("pushes.jsonl", ".kernelwright/")
"""To be committed after it, so no change that a push could leave out."""
_LISTED = 3


def changed(root: Path) -> list[str]:
    """Return the paths whose changes no commit holds, but what a push writes itself; raises `GitFailed`."""
    return [path for path in git.uncommitted(root) if not path.startswith(WRITTEN_BY_A_PUSH)]


@register("git", Files)
def worktree(files: Files) -> Iterator[Problem]:
    """Warn of changes that no commit holds, and find a repository that git refuses to read."""
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
