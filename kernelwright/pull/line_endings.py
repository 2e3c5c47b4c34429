"""What was not edited keeps its bytes: line ends, which editors unify, and the last line feed, which some take."""

import difflib


def restored(edited: str, original: bytes) -> bytes:
    """Return ``edited``, with line feeds alone, in the line ends ``original`` has.

    A line that was not edited gets its own end back, a new one the end most lines have.
    """
    before = original.decode("utf-8").split("\n")
    if not any(line.endswith("\r") for line in before):
        return edited.encode("utf-8")
    plain, after = [line.removesuffix("\r") for line in before], edited.split("\n")
    end = "\r" if sum(line.endswith("\r") for line in before) * 2 >= len(before) else ""
    lines = [f"{line}{end}" for line in after[:-1]] + after[-1:]
    matcher = difflib.SequenceMatcher(a=plain, b=after, autojunk=False)
    for block in matcher.get_matching_blocks():
        for step in range(block.size):
            if block.b + step < len(after) - 1 or block.a + step == len(before) - 1:
                lines[block.b + step] = before[block.a + step]
    return "\n".join(lines).encode("utf-8")


def same(edited: str, original: bytes) -> bool:
    """Tell whether a text is that of ``original``, line ends aside."""
    try:
        return original.decode("utf-8").replace("\r\n", "\n") == edited
    except UnicodeDecodeError:
        return False


def ended(text: str, base: str) -> str:
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
