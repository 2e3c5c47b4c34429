"""The line feeds at the end of a text, of which some editors take the last: of every cell, or of those they touched."""


def restored(text: str, base: str) -> str:
    """Return ``text`` with the end ``base`` has, unless its end was plainly edited.

    An end is an editor's doing where no line feed is left of it, or where one came or went below a last line that is
    as it was.
    """
    bare, before = text.rstrip("\n"), base.rstrip("\n")
    own, end = text[len(bare) :], base[len(before) :]
    is_taken = is_cut(text) or not (text or before)
    is_near = abs(len(own) - len(end)) == 1 and _last_line(bare) == _last_line(before)
    return bare + end if is_taken or is_near else text


def is_cut(text: str) -> bool:
    """Tell whether a text ends within a line."""
    return bool(text) and not text.endswith("\n")


def _last_line(text: str) -> str:
    return text.rpartition("\n")[2]
