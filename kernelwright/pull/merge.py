"""One file from its three versions, of which each may be absent: here, as built, in the notebook."""

from collections.abc import Iterator

from kernelwright.pull import line_endings
from kernelwright.pull.changes import Change
from kernelwright.support import git

_LABELS = ("here", "as built", "the notebook")


def three_way_merge(
    place: str, ours: bytes | None, base: str | None, theirs: str | None, *, was_built: bool
) -> Iterator[Change]:
    """Yield what becomes of the file; nothing where the notebook changes nothing.

    Parameters
    ----------
    place : str
        What to call it.
    ours : bytes or None
        What it is in the project.
    base, theirs : str or None
        What it was when the notebook was built, None also where that is not known; what the notebook says.
    was_built : bool
        Whether the notebook was built with it.
    """
    is_unchanged_here = base is not None and ours is not None and line_endings.is_same(base, ours)
    if theirs is None and ours is not None:
        if is_unchanged_here:
            yield Change(action="delete", place=place, what="deleted", before=ours)
        else:
            what = "deleted in the notebook, changed here"
            yield Change(action="conflict", place=place, what=what, before=ours, after=ours)
    elif theirs is not None and ours is None and was_built:
        yield Change(action="conflict", place=place, what="edited in the notebook, deleted here", after=theirs.encode())
    elif theirs is not None and ours is None:
        yield Change(action="write", place=place, what="added", after=theirs.encode())
    elif theirs is not None and ours is not None and not line_endings.is_same(theirs, ours):
        if is_unchanged_here:
            after = line_endings.restore_line_endings(theirs, ours)
            yield Change(action="write", place=place, what="edited", before=ours, after=after)
        else:
            yield from _merge(place, ours, base, theirs)


def _merge(place: str, ours: bytes, base: str | None, theirs: str) -> Iterator[Change]:
    """Merge by git; without a known ancestor, every difference is a conflict."""
    try:
        their_bytes = line_endings.restore_line_endings(theirs, ours)
        base_bytes = b"" if base is None else line_endings.restore_line_endings(base, ours)
    except UnicodeDecodeError:
        yield Change(action="conflict", place=place, what="is no text here", before=ours, after=theirs.encode())
        return
    merged, is_clean = git.merge_file(ours, base_bytes, their_bytes, labels=_LABELS)
    if is_clean and base is not None:
        if merged != ours:
            yield Change(action="write", place=place, what="merged", before=ours, after=merged)
        return
    what = "changed in the notebook and here" if base is not None else "changed, and its ancestor is not known"
    yield Change(action="conflict", place=place, what=what, before=ours, after=merged)
