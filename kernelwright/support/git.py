"""The work tree a push is tied to."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

from kernelwright.check.finding import Finding, Severity

OURS = ("pushes.jsonl", ".kernelwright/")
"""What a push itself writes, to be committed after it."""


def check(root: Path) -> Iterator[Finding]:
    """Warn of changes that no commit holds."""
    changed = uncommitted(root)
    if changed:
        named = ", ".join(changed[:3]) + (f" and {len(changed) - 3} more" if len(changed) > 3 else "")
        problem = f"{len(changed)} uncommitted: {named}"
        fix = "commit them, so that a push can be told by its commit"
        yield Finding(check="git", severity=Severity.warning, place="git", problem=problem, fix=fix)


def uncommitted(root: Path) -> list[str]:
    """Return the paths below ``root`` that differ from the last commit; none where git does not know the folder."""
    lines = _git(root, "status", "--porcelain", "-z", "--untracked-files=normal", "--", ".").split("\0")
    prefix = _git(root, "rev-parse", "--show-prefix").strip()
    paths = [line[3:].removeprefix(prefix) for line in lines if line[2:3] == " "]
    return [path for path in paths if not path.startswith(OURS)]


def commit(root: Path) -> str:
    """Return the commit that is checked out, empty where there is none."""
    return _git(root, "rev-parse", "--verify", "--quiet", "HEAD").strip()


def _git(root: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, check=False)
    except OSError:  # no git here
        return ""
    return "" if done.returncode else done.stdout.decode("utf-8", "replace")
