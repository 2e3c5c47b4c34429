"""Read a cell as IPython does: find the Python in it, its magics, and its shell commands.

IPython's own transformer does the work. It is imported only for cells that are not plain Python, because the import
takes as long as a whole build.
"""

import ast
import io
import re
import tokenize
from collections.abc import Sequence
from functools import lru_cache

_CELL_MAGIC = re.compile(r"\s*%%(\w+|!)[ \t]*(.*)")
# Magics whose cell or line is Python, and magics whose cell is a shell script.
_PYTHON_CELLS = {"time", "timeit", "capture", "prun", "memit", "wandb"}
_PYTHON_LINES = {"time", "timeit", "prun", "memit"}
_SHELL_CELLS = {"bash", "sh", "zsh", "dash", "script", "sx", "system", "!"}
_SWITCHED_OFF = re.compile(r"(false|true|echo)\b")  # `%%script false` is a known way to switch a cell off
_OPTIONS = re.compile(r"(?:-\w+(?:\s+\d+)?(?:\s+|$))*")
# IPython runs a one-line cell as a magic if it begins with a magic's name. These forms cannot be anything else.
_AUTOMAGIC = re.compile(r"(?:pip|conda|cd|ls|mkdir|cp|mv|rm|cat)(?:[ \t]+[^\s=!(\[].*)?")
_CALL = re.compile(r"(?P<before>.*?)get_ipython\(\)\.(?P<name>system|getoutput|run_line_magic)\((?P<args>.*)\)\s*$")
_HELP = {"pinfo", "pinfo2", "psearch"}  # what `name?` becomes; it is not a command

UNPARSABLE = (SyntaxError, ValueError, RecursionError, MemoryError)
"""The errors that Python raises for code that it cannot parse, that contains a NUL, or that is nested too deeply."""

_MOST_WORK = 50_000
"""Limit of lines times commands of a cell. For each command, IPython reads all lines again, so a thousand commands
would take minutes. The commands beyond the limit are not transformed.
"""

Commands = tuple[tuple[int, str], ...]


def python_source(text: str) -> str | None:
    """Return a cell as Python with the same line numbers; None for a cell in another language.

    IPython's syntax is replaced by calls of ``get_ipython()``. Code measured by ``%time`` and the like is kept, without
    the magic. Syntax errors in the cell's own Python remain.
    """
    return _read(text)[0]


def commands(text: str) -> Commands:
    """Return the cell's magics and shell commands, such as ``%cd x`` and ``!ls``, each with its line number from 1."""
    return _read(text)[1]


def parse(source: str | bytes) -> ast.Module | None:
    """Parse plain Python; None if it cannot be parsed."""
    try:
        return ast.parse(source)
    except UNPARSABLE:
        return None


def syntax_tree(text: str) -> ast.Module:
    """Parse a cell's Python. The tree is empty if the cell has a syntax error or is in another language."""
    return parse(python_source(text) or "") or ast.Module(body=[], type_ignores=[])


def complaint(error: Exception) -> tuple[int, str]:
    """Return the line, from 1, and the message of an error in `UNPARSABLE`."""
    if isinstance(error, RecursionError | MemoryError):
        return 1, "nested too deep"
    return getattr(error, "lineno", None) or 1, getattr(error, "msg", str(error))


def within_strings(lines: Sequence[str]) -> set[int]:
    """Return the indices of the lines that begin inside a string."""
    text = "\n".join(lines)
    text = text if parse(text) else _transform(text)[0]
    opened: list[int] = []
    inside: set[int] = set()
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            name = tokenize.tok_name[token.type]
            if name.endswith("STRING_START"):  # since Python 3.12, an f-string is several tokens
                opened.append(token.start[0])
            first = opened.pop() if name.endswith("STRING_END") and opened else token.start[0]
            if name == "STRING" or name.endswith("STRING_END"):
                inside.update(range(first, token.end[0]))
    except (tokenize.TokenError, SyntaxError):
        pass
    return inside


@lru_cache(maxsize=4096)  # several functions read the same cell
def _read(text: str) -> tuple[str | None, Commands]:
    match = _CELL_MAGIC.match(text)
    if match:
        return _read_magic_cell(text, match)
    if _AUTOMAGIC.fullmatch(text.strip()):
        return _transform(f"%{text.lstrip()}")
    return (text, ()) if parse(text) else _transform(text)


def _read_magic_cell(text: str, match: re.Match[str]) -> tuple[str | None, Commands]:
    name, arguments = match[1], match[2].strip()
    number = text.count("\n", 0, match.end()) + 1
    lines = text.split("\n")
    if name in _PYTHON_CELLS:
        setup = _OPTIONS.sub("", arguments, count=1) if name == "timeit" else ""
        variable = f"{arguments} = " if name == "capture" and arguments.isidentifier() else ""
        first = setup or f"{variable}get_ipython().run_cell_magic({name!r}, {arguments!r}, '')"
        body, inner = _read("\n".join(lines[number:]))  # the magic passes its cell to IPython again
        own = (number, f"%%{name} {arguments}".rstrip())
        python = None if body is None else "\n".join([*[""] * (number - 1), first, body])
        return python, (own, *((number + at, command) for at, command in inner))
    if name not in _SHELL_CELLS:
        return None, ((number, f"%%{name} {arguments}".rstrip()),)
    if name == "script" and _SWITCHED_OFF.match(arguments):
        return None, ()
    return None, tuple(_joined(lines[number:], number + 1))


def _joined(lines: Sequence[str], first: int) -> list[tuple[int, str]]:
    """Return the commands of a shell script, with lines that end in a backslash joined to the next one."""
    commands, number = [], first
    for text in re.split(r"(?<!\\)\n", "\n".join(lines)):
        if text.strip():
            command = re.sub(r" *\\+\n\s*", " ", text)
            commands.append((number, f"!{command}"))
        number += text.count("\n") + 1
    return commands


def _transform(text: str) -> tuple[str, Commands]:
    """Let IPython rewrite its syntax, one place at a time, because otherwise the line numbers would change."""
    from IPython.core.inputtransformer2 import TransformerManager  # noqa: PLC0415 - see the module's docstring

    manager = TransformerManager()
    lines = re.findall(r"[^\n]*\n|[^\n]+", text)
    blank = next((index for index, line in enumerate(lines) if line.strip()), 0)
    for cleanup in manager.cleanup_transforms:  # removes blank lines at the top, prompts, and the common indent
        lines = cleanup(lines)
    commands: list[tuple[int, str]] = []
    for _ in range(_MOST_WORK // max(1, len(lines))):
        before = lines
        try:
            changed, lines = manager.do_one_token_transform(before)
        except (*UNPARSABLE, tokenize.TokenError):
            break
        if not changed:
            break
        at = next(index for index, line in enumerate(lines) if line != before[index])
        lines[at], command = _unwrap(lines[at])
        joined = len(before) - len(lines)  # number of lines that were joined because of a backslash
        commands += [(blank + at + 1, re.sub(r"\s{2,}", " ", command) if joined else command)] if command else []
        lines[at + 1 : at + 1] = ["\n"] * joined  # keeps the numbers of the lines after it
    return "\n" * blank + "".join(lines), tuple(sorted(commands))


def _unwrap(line: str) -> tuple[str, str]:
    """Return a rewritten line and the command in it.

    For ``%time`` and the like, return the measured code, which is then transformed in its turn, and no command.
    """
    call = _CALL.fullmatch(line)
    if call is None:
        return line, ""
    arguments: tuple[str, ...] = ast.literal_eval(f"({call['args']},)")
    if call["name"] != "run_line_magic":
        return line, f"!{arguments[0]}"
    magic, rest = arguments
    code = _OPTIONS.sub("", rest, count=1)
    if magic in _PYTHON_LINES and code and (not call["before"].strip() or parse(f"_ = {code}")):
        return f"{call['before']}{code}\n", ""
    return line, "" if magic in _HELP else f"%{magic} {rest}".rstrip()
