"""git, asked by its own program. No git, and no repository, is an answer; a refusal is an error."""

import os
import subprocess
import tempfile
from pathlib import Path

from kernelwright.errors import GitFailed

_NO_REPOSITORY = b"not a git repository"
_MOST_CONFLICTS = 127  # the exit status of merge-file up to which it counts conflicts


def run(root: Path, *arguments: str) -> bytes:
    """Return what ``git`` prints in ``root``; nothing where there is no git, or ``root`` is in no repository.

    Raises `GitFailed` where git refuses: another user owns the repository, it is damaged, there is no such revision.
    """
    try:
        done = _call(root, *arguments)
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise GitFailed(f"git {arguments[0]}: {error.strerror}") from None
    if done.returncode == 0:
        return done.stdout
    if _NO_REPOSITORY in done.stderr or not done.stderr:  # with --quiet, a question without an answer is silent
        return b""
    raise GitFailed(_refusal(done, arguments[0]))


def _call(root: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "LC_ALL": "C"}  # its words are read
    return subprocess.run(["git", *arguments], cwd=root, capture_output=True, check=False, env=environment)


def _refusal(done: subprocess.CompletedProcess[bytes], command: str) -> str:
    lines = done.stderr.decode("utf-8", "replace").strip().splitlines() or [f"exit status {done.returncode}"]
    return f"git {command}: {lines[0]}"


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


def merge_file(ours: bytes, ancestor: bytes, theirs: bytes, *, labels: tuple[str, str, str]) -> tuple[bytes, bool]:
    """Merge three versions of a file.

    Parameters
    ----------
    ours, ancestor, theirs : bytes
        The two versions, and what they both come from.
    labels : tuple of str
        What conflict marks call the three.

    Returns
    -------
    tuple
        The merged bytes, and whether they are free of conflict marks.

    Raises
    ------
    GitFailed
        There is no git, or it refuses.
    """
    with tempfile.TemporaryDirectory() as folder:
        for label, data in zip(labels, (ours, ancestor, theirs), strict=True):
            Path(folder, label).write_bytes(data)
        try:
            done = _call(Path(folder), "merge-file", "--stdout", *labels)
        except OSError as error:
            raise GitFailed(f"git merge-file: {error.strerror}; install git to merge what changed here too") from None
    if done.returncode > _MOST_CONFLICTS:
        raise GitFailed(_refusal(done, "merge-file"))
    return done.stdout, done.returncode == 0
