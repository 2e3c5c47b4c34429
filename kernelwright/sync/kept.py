"""Bytes that were not edited stay as they are: line ends above all, which editors unify."""

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
