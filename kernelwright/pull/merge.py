"""Merge the three versions of a file: local, ancestor, and notebook. Each of them may be missing."""

from collections.abc import Iterator

from kernelwright.pull.changes import Action, Change
from kernelwright.pull.line_endings import restore_line_endings
from kernelwright.support import git

_LABELS = ("here", "as built", "the notebook")  # `Change.marked` looks for the first


def three_way_merge(
    place: str, ours: bytes | None, base: str | None, theirs: str | None, *, was_built: bool
) -> Iterator[Change]:
    """Yield the change of the file; nothing if the notebook does not change it.

    Parameters
    ----------
    place : str
        The file's path, for the change.
    ours : bytes or None
        The local content; None if there is no file.
    base : str or None
        The ancestor; None if there was no file or its content is not known.
    theirs : str or None
        The notebook's content; None if the notebook does not have the file.
    was_built : bool
        Whether the notebook was built with the file.
    """
    if ours is None:
        if theirs is not None:
            action: Action = "conflict" if was_built else "write"
            what = "edited in the notebook, deleted here" if was_built else "added"
            yield Change(action=action, place=place, what=what, after=theirs.encode())
    elif theirs is not None:
        yield from _merge(place, ours, base, theirs)
    elif base is not None and ours.replace(b"\r\n", b"\n") == base.encode():
        yield Change(action="delete", place=place, what="deleted", before=ours)
    else:
        what = "deleted in the notebook, changed here"
        yield Change(action="conflict", place=place, what=what, before=ours, after=ours)


def _merge(place: str, ours: bytes, base: str | None, theirs: str) -> Iterator[Change]:
    try:
        here = ours.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError:
        yield Change(action="conflict", place=place, what="is no text here", before=ours, after=theirs.encode())
        return
    if theirs == here:
        return
    if here == base:
        after = restore_line_endings(theirs, ours)
        yield Change(action="write", place=place, what="edited", before=ours, after=after)
        return
    merged, is_clean = git.merge_file(here.encode(), (base or "").encode(), theirs.encode(), labels=_LABELS)
    after = restore_line_endings(merged.decode(), ours)
    if not is_clean or base is None:  # without a known ancestor, every difference is a conflict
        what = "changed, and its ancestor is not known" if base is None else "changed in the notebook and here"
        yield Change(action="conflict", place=place, what=what, before=ours, after=after)
    elif after != ours:
        yield Change(action="write", place=place, what="merged", before=ours, after=after)
