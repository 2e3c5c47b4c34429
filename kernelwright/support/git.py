"""git, asked by its own program. No git, and no repository, is an answer; a refusal is an error."""

import os
import subprocess
from pathlib import Path

from kernelwright.errors import GitFailed

_NO_REPOSITORY = b"not a git repository"


def run(root: Path, *arguments: str, missing: bytes = b"") -> bytes:
    """Return what ``git`` prints in ``root``.

    Parameters
    ----------
    root : Path
        The folder it runs in.
    arguments : str
        Of git.
    missing : bytes
        What is returned where there is no git, or ``root`` is in no repository.

    Raises
    ------
    GitFailed
        git refuses: another user owns the repository, it is damaged, there is no such revision.
    """
    environment = {**os.environ, "LC_ALL": "C"}  # its words are read
    try:
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, check=False, env=environment)
    except FileNotFoundError:
        return missing
    except OSError as error:
        raise GitFailed(f"git {arguments[0]}: {error.strerror}") from None
    if done.returncode == 0:
        return done.stdout
    if _NO_REPOSITORY in done.stderr or not done.stderr:  # with --quiet, a question without an answer is silent
        return missing
    lines = done.stderr.decode("utf-8", "replace").strip().splitlines() or [f"exit status {done.returncode}"]
    raise GitFailed(f"git {arguments[0]}: {lines[0]}")


def commit(root: Path) -> str:
    """Return the commit that is checked out, empty where there is none; raises `GitFailed`."""
    return run(root, "rev-parse", "--verify", "--quiet", "HEAD").decode().strip()


def uncommitted(root: Path) -> list[str]:
    """Return the paths below ``root`` that differ from the last commit, none without git; raises `GitFailed`."""
    prefix = run(root, "rev-parse", "--show-prefix").decode().strip()
    status = run(root, "status", "--porcelain", "-z", "--untracked-files=normal", "--", ".").decode("utf-8", "replace")
    return [line[3:].removeprefix(prefix) or "." for line in status.split("\0") if line[2:3] == " "]


def history(root: Path, path: str, *, most: int) -> list[str]:
    """Return the commits that changed a file, the latest first; none without git; raises `GitFailed`."""
    if not commit(root):
        return []
    return run(root, "log", f"--max-count={most}", "--format=%H", "--", path).decode().split()
