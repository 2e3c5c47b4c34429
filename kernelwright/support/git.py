"""Run git as a subprocess. A missing git or repository gives an empty result; a refusal by git is an error."""

import os
import subprocess
import tempfile
from pathlib import Path

from kernelwright.errors import GitFailed

_NO_REPOSITORY = b"not a git repository"
_MOST_CONFLICTS = 127  # up to this exit status of merge-file, it is the number of conflicts; above, an error


def run(root: Path, *arguments: str) -> bytes:
    """Run git in ``root`` and return its output; empty if git is missing or ``root`` is not in a repository.

    Raises `GitFailed` if git refuses, for example because another user owns the repository, it is damaged, or the
    revision does not exist.
    """
    try:
        done = _call(root, *arguments)
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise GitFailed(f"git {arguments[0]}: {error.strerror}") from None
    if done.returncode == 0:
        return done.stdout
    if _NO_REPOSITORY in done.stderr or not done.stderr:  # with --quiet, git fails silently if there is no answer
        return b""
    raise GitFailed(_refusal(done, arguments[0]))


def _call(root: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "LC_ALL": "C"}  # its messages are compared with English text
    return subprocess.run(["git", *arguments], cwd=root, capture_output=True, check=False, env=environment)


def _refusal(done: subprocess.CompletedProcess[bytes], command: str) -> str:
    lines = done.stderr.decode("utf-8", "replace").strip().splitlines() or [f"exit status {done.returncode}"]
    return f"git {command}: {lines[0]}"


def commit(root: Path) -> str:
    """Return the hash of the current commit, empty if there is none; raises `GitFailed`."""
    return run(root, "rev-parse", "--verify", "--quiet", "HEAD").decode().strip()


def uncommitted(root: Path) -> list[str]:
    """Return the paths below ``root`` that differ from the last commit; none without git. Raises `GitFailed`."""
    prefix = run(root, "rev-parse", "--show-prefix").decode().strip()  # status names paths from the repository's root
    status = run(root, "status", "--porcelain", "-z", "--untracked-files=normal", "--", ".").decode("utf-8", "replace")
    entries = iter(status.split("\0")[:-1])
    paths = []
    for entry in entries:
        paths.append(entry[3:].removeprefix(prefix) or ".")  # two letters of status and a space come first
        if {"R", "C"} & set(entry[:2]):
            next(entries)  # with -z, the old name of a renamed file follows as an entry of its own
    return paths


def history(root: Path, path: str, *, most: int) -> list[str]:
    """Return the hashes of the commits that changed a file, the latest first; none without git. Raises `GitFailed`."""
    if not commit(root):
        return []
    return run(root, "log", f"--max-count={most}", "--format=%H", "--", path).decode().split()


def merge_file(ours: bytes, ancestor: bytes, theirs: bytes, *, labels: tuple[str, str, str]) -> tuple[bytes, bool]:
    """Merge two versions of a file that have a common ancestor.

    Parameters
    ----------
    ours, ancestor, theirs : bytes
        The two versions, and between them their ancestor.
    labels : tuple of str
        The names of the three in conflict markers.

    Returns
    -------
    tuple
        The merged bytes, and True if they contain no conflict markers.

    Raises
    ------
    GitFailed
        If git is missing or refuses.
    """
    with tempfile.TemporaryDirectory() as folder:
        # The files are named by the labels, which git then writes into the conflict markers.
        for label, data in zip(labels, (ours, ancestor, theirs), strict=True):
            Path(folder, label).write_bytes(data)
        try:
            done = _call(Path(folder), "merge-file", "--stdout", *labels)
        except OSError as error:
            raise GitFailed(f"git merge-file: {error.strerror}; install git to merge what changed here too") from None
    if done.returncode > _MOST_CONFLICTS:
        raise GitFailed(_refusal(done, "merge-file"))
    return done.stdout, done.returncode == 0
