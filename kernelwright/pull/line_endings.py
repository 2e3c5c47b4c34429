"""What was not edited keeps its bytes: line ends, which editors unify, and the last line feed, which some take."""

import difflib
from collections.abc import Sequence


def restore_line_endings(edited: str, original: bytes) -> bytes:
    """Return ``edited``, with line feeds alone, in the line ends ``original`` has.

    A line that was not edited gets its own end back, a new one the end most lines have.
    """
    before = original.decode("utf-8").split("\n")
    if not any(line.endswith("\r") for line in before):
        return edited.encode("utf-8")
    return restore_lines(edited, [line.removesuffix("\r") for line in before], before).encode("utf-8")


def restore_lines(edited: str, plain: Sequence[str], original: Sequence[str]) -> str:
    """Return ``edited`` with those of its lines that are ``plain`` ones as they stand in ``original``."""
    after = edited.split("\n")
    end = "\r" if sum(line.endswith("\r") for line in original) * 2 >= len(original) else ""
    lines = [f"{line}{end}" for line in after[:-1]] + after[-1:]
    matcher = difflib.SequenceMatcher(a=plain, b=after, autojunk=False)
    for block in matcher.get_matching_blocks():
        for step in range(block.size):
            if block.b + step < len(after) - 1 or block.a + step == len(original) - 1:
                lines[block.b + step] = original[block.a + step]
    return "\n".join(lines)


def restore_final_newline(text: str, base: str) -> str:
    """Return ``text`` with the end ``base`` has, unless its end was plainly edited.

    An end is an editor's doing where no line feed is left of it, or where one came or went below a last line that is
    as it was.
    """
    bare, before = text.rstrip("\n"), base.rstrip("\n")
    own, end = text[len(bare) :], base[len(before) :]
    is_taken = is_cut(text) or not (text or before)
    is_near = abs(len(own) - len(end)) == 1 and bare.rpartition("\n")[2] == before.rpartition("\n")[2]
    return bare + end if is_taken or is_near else text


def is_cut(text: str) -> bool:
    """Return whether a text ends within a line."""
    return bool(text) and not text.endswith("\n")
