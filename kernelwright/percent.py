"""A percent-format script -> its cells, each as its author wrote it.

The format is jupytext's (``# %% title [markdown] key="value"``), read without jupytext: importing it takes longer than
the whole build, it revives commented magics, and it splits a statement at an indented mark. A test holds the two
together on the drivers both read alike.
"""

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

_MARK = re.compile(r"#\s*%%%*(?:\s+(?P<options>.*?))?\s*$")
_KIND = re.compile(r"\[(markdown|md|raw)\]")
_KEY = re.compile(r'(?:^|\s)([\w.-]+)=(?=["\[{\w-])')
_HEADER = re.compile(r"# ---\n(?:#.*\n)*?# ---\n")
_QUOTED = re.compile(r"""r?(\"{3}|'{3})(.*)\1""", re.DOTALL)
_MAGIC = re.compile(r"^\s*(?:[\w., ]+=\s*)?[%!]|\?\s*$|^\s*\?")
_QUOTE = re.compile(r"\"{3}|'{3}|[\"'#\\]")
_CLOSING = {quote: re.compile(rf"\\.|{quote}", re.DOTALL) for quote in ('"""', "'''", '"', "'")}


@dataclass(frozen=True, kw_only=True)
class Part:
    """A cell of the script; ``line`` is the number of its first line of source, counted from 1."""

    kind: Literal["code", "markdown", "raw"]
    source: str
    line: int
    metadata: dict[str, Any] = field(default_factory=dict)


def split(text: str) -> tuple[list[Part], list[int]]:
    """Return the cells of a script, and the numbers of the lines with a cell mark at an indent."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    lines = text.split("\n")
    header = _HEADER.match(text)
    first = header.group().count("\n") if header else 0
    marks, indented = _marks(lines)
    starts = [index for index in marks if index >= first]
    parts = [_unmarked(lines, first, [*starts, len(lines)][0])]
    parts += [_part(lines, at, after) for at, after in zip(starts, [*starts[1:], len(lines)], strict=True)]
    return [part for part in parts if part], [index + 1 for index in indented]


def _marks(lines: list[str]) -> tuple[list[int], list[int]]:
    """Find the cell marks outside strings, as indices of lines: at the margin, and at an indent."""
    margin: list[int] = []
    indented: list[int] = []
    quote = ""
    for index, line in enumerate(lines):
        if not quote and _MARK.fullmatch(line.lstrip()):
            (indented if line[0].isspace() else margin).append(index)
        elif quote or not _MAGIC.match(line):
            quote = _open_quote(line, quote)
    return margin, indented


def _open_quote(line: str, quote: str) -> str:
    """Return the triple quote that is open after ``line``, where ``quote`` was open before it."""
    at = 0
    while True:
        found = (_CLOSING[quote] if quote else _QUOTE).search(line, at)
        if found is None or found.group() == "#":
            return quote if len(quote) == 3 else ""
        at = found.end()
        if not found.group().startswith("\\"):
            quote = "" if quote else found.group()


def _unmarked(lines: list[str], start: int, stop: int) -> Part | None:
    """Return what stands before the first mark, if anything, as a code cell."""
    while start < stop and not lines[start].strip():
        start += 1
    source = _trimmed(lines[start:stop])
    return Part(kind="code", source=source, line=start + 1) if source else None


def _part(lines: list[str], at: int, after: int) -> Part:
    mark = _MARK.fullmatch(lines[at])
    options = (mark and mark["options"]) or ""
    kind, metadata = _options(options)
    source = _trimmed(lines[at + 1 : after])
    if kind != "code":
        source = _uncommented(source)
    elif "language" in metadata:
        source = f"%%{metadata.pop('language')}\n{_uncommented(source)}"
    return Part(kind=kind, source=source, line=at + 2, metadata=metadata)


def _trimmed(lines: list[str]) -> str:
    while lines and not lines[-1].strip():
        lines = lines[:-1]
    return "\n".join(lines)


def _uncommented(source: str) -> str:
    if quoted := _QUOTED.fullmatch(source.strip()):
        return quoted[2].strip("\n")
    return "\n".join(re.sub(r"^# ?", "", line) for line in source.split("\n"))


def _options(text: str) -> tuple[Literal["code", "markdown", "raw"], dict[str, Any]]:
    """Read what follows the mark: a title, ``[markdown]`` or ``[raw]``, and metadata."""
    found = _KIND.search(text)
    text = _KIND.sub("", text, count=1).strip()
    key = _KEY.search(text)
    title = text[: key.start()].strip() if key else text
    metadata = _object(title) or ({"title": title} if title else {}) | dict(_pairs(text))
    named = found[1] if found else "code"
    return ("raw" if named == "raw" else "code" if named == "code" else "markdown"), metadata


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}


def _pairs(text: str) -> Iterator[tuple[str, Any]]:
    """Yield ``key=value`` pairs: a value is JSON, else a bare word."""
    at = 0
    while key := _KEY.search(text, at):
        try:
            value, at = json.JSONDecoder().raw_decode(text, key.end())
        except json.JSONDecodeError:
            value = text[key.end() :].partition(" ")[0]
            at = key.end() + len(value)
        yield key[1], value


def syntax_error(part: Part) -> SyntaxError | None:
    """Return why a code cell is not Python; a cell with magics is IPython's to judge."""
    try:
        compile(part.source, "", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    except SyntaxError as error:
        return None if any(_MAGIC.search(line) for line in part.source.split("\n")) else error
    return None


def tree(parts: list[Part]) -> ast.Module | None:
    """Return the syntax tree of all code cells together, None where a magic keeps them from being Python."""
    try:
        return ast.parse("\n".join(part.source for part in parts if part.kind == "code"))
    except SyntaxError:
        return None
