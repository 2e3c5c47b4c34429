"""Which files the code opens, by literal paths, and which it may make."""

import ast
import posixpath
import re
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from pathlib import PurePosixPath
from typing import NamedTuple

from kernelwright.check.code import shell
from kernelwright.check.code.reachability import Call, Code
from kernelwright.check.code.severity import table
from kernelwright.check.code.values import UNKNOWN

_PATHS = {"path", "file", "filename", "filepath", "filepath_or_buffer", "fname", "io", "f", "src"}
_WITH_MODE = re.compile(r".*(open|ZipFile|TarFile|File)")
_READING = {"cat", "head", "tail", "ls", "wc", "du", "grep", "md5sum"}


class Use(NamedTuple):
    """A call that opens or may make a file: its bare name, and the texts that may be paths."""

    node: ast.Call
    name: str
    texts: Sequence[str]
    reads: bool


def uses(code: Code) -> Iterator[Use]:
    """Yield what each call does with files; a call of the project's own function does what is in that."""
    readers, neutral = re.compile(table("files")["readers"]), re.compile(table("files")["neutral"])
    for call in code.calls:
        name = call.name.rpartition(".")[2].removesuffix("()")
        if call.name in code.bindings or neutral.fullmatch(name):
            continue
        path, mode, values = _arguments(code, call)
        is_written, is_copied = bool(set(f"wax+{UNKNOWN}") & set(mode)), name.startswith(("copy", "move"))
        reads = readers.fullmatch(name) and not is_written
        if reads:
            yield Use(call.node, name, [path] if path else [], reads=True)
        if is_written and path:
            yield Use(call.node, name, [path], reads=False)
        elif is_copied or not reads:  # which of the arguments is a path, only the library knows
            texts = [value for value in values[is_copied:] if isinstance(value, str)]
            yield Use(call.node, name, texts, reads=False)


def _arguments(code: Code, call: Call) -> tuple[str, str, list[object]]:
    """Return the path a call is about, empty where there is none, the mode it is opened in, and the other arguments."""
    func, arguments = call.node.func, [*call.node.args]
    words = {word.arg: word.value for word in call.node.keywords}
    base = code.text(func.value) if isinstance(func, ast.Attribute) else UNKNOWN
    is_method = base != UNKNOWN  # of a path
    mode = words.pop("mode", None)
    if mode is None and _WITH_MODE.fullmatch(call.name) and len(arguments) > (not is_method):
        mode = arguments.pop(not is_method)
    paths = [*arguments[:1], *(value for word, value in words.items() if word in _PATHS)]
    values = [code.fold(part) for part in (*arguments, *words.values())]
    if is_method:
        writes = call.name.rpartition(".")[2].startswith(("write", "touch", "mkdir"))
        return base, "w" if writes else code.text(mode) if mode else "r", values
    if "()" in call.name or "?" in call.name or (isinstance(func, ast.Attribute) and "." not in call.name):
        return "", "", values  # of an object whose members are no files
    path = code.fold(paths[0]) if paths else ""
    return path if isinstance(path, str) else "", code.text(mode) if mode else "r", values


def written_paths(code: Code) -> set[str]:
    """Return every path the run may write, and other texts; those in commands of the shell included."""
    texts = {text for use in uses(code) if not use.reads for text in use.texts}
    for command in shell.commands(code):
        if command.program not in _READING or ">" in command.words:
            texts.update(word.strip("<>") for word in command.words[1:] if word != command.script)
    return {normal(text) for text in texts if text}


def normal(path: str) -> str:
    """Return a path in its one form; one in the working folder as relative to that."""
    return posixpath.normpath(path).removeprefix("/kaggle/working/")


def is_written(path: str, written: AbstractSet[str]) -> bool:
    """Return whether the run may write a path: itself, a folder it is in, or something in it."""
    path = normal(path)
    above = {path, *map(str, PurePosixPath(path).parents)} - {".", "/"}
    return not above.isdisjoint(written) or any(text.startswith(f"{path}/") for text in written)
