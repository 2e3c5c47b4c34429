"""IPython's lines in a cell: magics, and commands of the shell."""

import io
import re
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_LINE = re.compile(r"^(\s*)(?:[\w., ]+=\s*)?(%(?!\s).*|!(?!=).*)$")  # an operator that goes on a line is none
_HELP = re.compile(r"\?\s*$|^\s*\?")
_PYTHON_CELL = re.compile(r"%%(time|timeit|capture|prun)\b")
_PYTHON_LINE = re.compile(r"%(?:time|timeit|prun|memit)\s+(?:-\w+(?:\s+\d+)?\s+)*(?![-!%])(.*)")
_SHELL_CELL = re.compile(r"%%(?:(?:ba|z|da)?sh|script|sx|system|!)(?!\w)")
_UNRUN_CELL = re.compile(r"%%script\s+(false|true|echo)\b")  # a known way to switch a cell off


@dataclass(frozen=True, kw_only=True)
class Split:
    """A cell's text, taken apart.

    Attributes
    ----------
    python : str
        The text with IPython's lines blanked out; a line keeps its number. Empty for a cell of another language.
    commands : sequence of (int, str)
        IPython's and the shell's commands, each with the number of its line, from 1.
    """

    python: str
    commands: Sequence[tuple[int, str]]


def split(text: str) -> Split:
    """Part Python from what is IPython's or the shell's; text within strings is neither."""
    lines = text.split("\n")
    if _UNRUN_CELL.match(text):
        return Split(python="", commands=[])
    if _SHELL_CELL.match(text):
        return Split(python="", commands=list(_joined([("", f"!{line}", at) for at, line in enumerate(lines[1:], 2)])))
    if text.startswith("%%") and not _PYTHON_CELL.match(text):
        return Split(python="", commands=[(1, lines[0])])
    inside, python, found, goes_on = set(within_strings(lines)), [], [], False
    for index, line in enumerate(lines):
        match = None if index in inside else _LINE.match(line)
        if goes_on or match:
            found.append(("" if goes_on else "!", line.strip() if goes_on or not match else match[2], index + 1))
            code = _PYTHON_LINE.fullmatch(match[2]) if match else None
            indent = re.match(r"\s*", line)
            python.append(f"{indent[0] if indent and not goes_on else ''}{code[1] if code else 'pass' * (not goes_on)}")
            goes_on = line.endswith("\\")
        else:
            python.append("pass" if index not in inside and _HELP.search(line) and "#" not in line else line)
    return Split(python="\n".join(python), commands=list(_joined(found)))


def _joined(lines: Sequence[tuple[str, str, int]]) -> Iterator[tuple[int, str]]:
    """Join each command with the lines it goes on in: those after a backslash."""
    pending, start = "", 0
    for _, line, number in lines:
        pending, start = (f"{pending} {line.lstrip('!')}", start) if pending else (line, number)
        if pending.endswith("\\"):
            pending = pending[:-1].rstrip()
        else:
            yield start, pending
            pending = ""
    if pending:
        yield start, pending


def within_strings(lines: Sequence[str]) -> Iterator[int]:
    """Yield the indices of lines that begin within a string."""
    text = "\n".join("pass" if _LINE.match(line) or _HELP.search(line) else line for line in lines)
    opened: list[int] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            name = tokenize.tok_name[token.type]
            if name.endswith("STRING_START"):
                opened.append(token.start[0])
            first = opened.pop() if name.endswith("STRING_END") and opened else token.start[0]
            if name == "STRING" or name.endswith("STRING_END"):
                yield from range(first, token.end[0])
    except (tokenize.TokenError, SyntaxError):
        return
