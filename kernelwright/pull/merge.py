"""One file from its three versions, of which each may be absent: here, as built, in the notebook."""

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from kernelwright.errors import MergeFailed
from kernelwright.pull import line_endings
from kernelwright.pull.changes import Action, Change

_LABELS = ("here", "as built", "the notebook")


def decide(
    place: str, here: bytes | None, base_text: str | None, there: str | None, *, known: bool
) -> Iterator[Change]:
    """Yield what becomes of the file; nothing where the notebook changes nothing.

    Parameters
    ----------
    place : str
        What to call it.
    here : bytes or None
        What it is in the project.
    base_text, there : str or None
        What it was when the notebook was built, None also where that is not known; what the notebook says.
    known : bool
        Whether the notebook was built with it.
    """
    unchanged_here = base_text is not None and here is not None and line_endings.same(base_text, here)
    if there is None:
        yield from _deleted(place, here, unchanged=unchanged_here)
    elif here is None:
        action: Action = "conflict" if known else "write"
        what = "edited in the notebook, deleted here" if known else "added"
        yield Change(action=action, place=place, what=what, after=there.encode())
    elif line_endings.same(there, here):
        return
    elif unchanged_here:
        yield Change(action="write", place=place, what="edited", before=here, after=line_endings.restored(there, here))
    else:
        merged = _merged(place, here, base_text, there)
        if merged.action == "conflict" or merged.after != here:
            yield merged


def _deleted(place: str, here: bytes | None, *, unchanged: bool) -> Iterator[Change]:
    if here is not None and unchanged:
        yield Change(action="delete", place=place, what="deleted", before=here)
    elif here is not None:
        yield Change(
            action="conflict", place=place, what="deleted in the notebook, changed here", before=here, after=here
        )


def _merged(place: str, here: bytes, base_text: str | None, there: str) -> Change:
    """Merge by git; without a known ancestor, every difference is a conflict."""
    try:
        there_bytes = line_endings.restored(there, here)
        base_bytes = line_endings.restored(base_text, here) if base_text is not None else b""
    except UnicodeDecodeError:
        return Change(action="conflict", place=place, what="is no text here", before=here, after=there.encode())
    data, clean = _by_git(here, base_bytes, there_bytes)
    if clean and base_text is not None:
        return Change(action="write", place=place, what="merged", before=here, after=data)
    what = "changed in the notebook and here" if base_text is not None else "changed, and its ancestor is not known"
    return Change(action="conflict", place=place, what=what, before=here, after=data)


def _by_git(*versions: bytes) -> tuple[bytes, bool]:
    """Return the merged bytes, with marks where both sides changed the same lines, and whether there are none."""
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, label) for label in _LABELS]
        for file, data in zip(files, versions, strict=True):
            file.write_bytes(data)
        try:
            command = ["git", "merge-file", "--stdout", *_LABELS]
            done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
        except OSError as error:
            raise MergeFailed(f"git merge-file: {error.strerror}; install git") from None
    if done.returncode > 127:
        raise MergeFailed(f"git merge-file: {done.stderr.decode('utf-8', 'replace').strip()}")
    return done.stdout, done.returncode == 0
