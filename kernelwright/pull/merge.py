"""One file from its three versions, of which each may be absent: here, as built, in the notebook."""

from collections.abc import Iterator

from kernelwright.pull import line_endings
from kernelwright.pull.changes import Change
from kernelwright.support import git

_LABELS = ("here", "as built", "the notebook")


def three_way_merge(
    place: str, here: bytes | None, base: str | None, there: str | None, *, was_built: bool
) -> Iterator[Change]:
    """Yield what becomes of the file; nothing where the notebook changes nothing.

    Parameters
    ----------
    place : str
        What to call it.
    here : bytes or None
        What it is in the project.
    base, there : str or None
        What it was when the notebook was built, None also where that is not known; what the notebook says.
    was_built : bool
        Whether the notebook was built with it.
    """
    is_unchanged_here = base is not None and here is not None and line_endings.is_same(base, here)
    if there is None and here is not None:
        if is_unchanged_here:
            yield Change(action="delete", place=place, what="deleted", before=here)
        else:
            what = "deleted in the notebook, changed here"
            yield Change(action="conflict", place=place, what=what, before=here, after=here)
    elif there is not None and here is None and was_built:
        yield Change(action="conflict", place=place, what="edited in the notebook, deleted here", after=there.encode())
    elif there is not None and here is None:
        yield Change(action="write", place=place, what="added", after=there.encode())
    elif there is not None and here is not None and not line_endings.is_same(there, here):
        if is_unchanged_here:
            after = line_endings.restore_line_endings(there, here)
            yield Change(action="write", place=place, what="edited", before=here, after=after)
        else:
            yield from _merge(place, here, base, there)


def _merge(place: str, here: bytes, base: str | None, there: str) -> Iterator[Change]:
    """Merge by git; without a known ancestor, every difference is a conflict."""
    try:
        there_bytes = line_endings.restore_line_endings(there, here)
        base_bytes = b"" if base is None else line_endings.restore_line_endings(base, here)
    except UnicodeDecodeError:
        yield Change(action="conflict", place=place, what="is no text here", before=here, after=there.encode())
        return
    merged, is_clean = git.merge_file(here, base_bytes, there_bytes, labels=_LABELS)
    if is_clean and base is not None:
        if merged != here:
            yield Change(action="write", place=place, what="merged", before=here, after=merged)
        return
    what = "changed in the notebook and here" if base is not None else "changed, and its ancestor is not known"
    yield Change(action="conflict", place=place, what=what, before=here, after=merged)
