"""Restore what editors change by themselves: line endings, and the line feed at the end of a file."""

import difflib
from collections.abc import Sequence


def restore_line_endings(edited: str, original: bytes) -> bytes:
    """Return ``edited``, a text with line feeds only, with the line endings of ``original``.

    A line that was not edited gets its own ending back, a new line the ending of most lines.
    """
    before = original.decode("utf-8").split("\n")
    if not any(line.endswith("\r") for line in before):
        return edited.encode("utf-8")
    return restore_lines(edited, [line.removesuffix("\r") for line in before], before).encode("utf-8")


def restore_lines(edited: str, plain: Sequence[str], original: Sequence[str]) -> str:
    """Return ``edited``, with each line that is unchanged from ``plain`` replaced by the same line of ``original``.

    ``plain`` and ``original`` have the same number of lines.
    """
    after = edited.split("\n")
    end = "\r" if sum(line.endswith("\r") for line in original) * 2 >= len(original) else ""
    lines = [f"{line}{end}" for line in after[:-1]] + after[-1:]
    matcher = difflib.SequenceMatcher(a=plain, b=after, autojunk=False)  # autojunk would ignore frequent lines
    for block in matcher.get_matching_blocks():
        for step in range(block.size):
            # A line that is now the last one has no line ending, so it is restored only if it was the last before.
            if block.b + step < len(after) - 1 or block.a + step == len(original) - 1:
                lines[block.b + step] = original[block.a + step]
    return "\n".join(lines)


def restore_final_newline(text: str, base: str) -> str:
    """Return ``text`` with the line feeds at the end of ``base``, unless its end was clearly edited.

    The editor changed the end, not the user, if no line feed is left, or if the last line is unchanged and there is
    exactly one line feed more or less after it.
    """
    bare, before = text.rstrip("\n"), base.rstrip("\n")
    own, end = text[len(bare) :], base[len(before) :]
    is_taken = is_cut(text) or not (text or before)
    is_near = abs(len(own) - len(end)) == 1 and bare.rpartition("\n")[2] == before.rpartition("\n")[2]
    return bare + end if is_taken or is_near else text


def is_cut(text: str) -> bool:
    """Return True if the text does not end with a line feed."""
    return bool(text) and not text.endswith("\n")
