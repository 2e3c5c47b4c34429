"""Find the files that the code opens by literal paths, and those that it may write."""

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

# Keywords under which libraries take the path to read or write.
_PATHS = {"path", "file", "filename", "filepath", "filepath_or_buffer", "fname", "io", "f", "src"}
_WITH_MODE = re.compile(r".*(open|ZipFile|TarFile|File)")
_READING = {"cat", "head", "tail", "ls", "wc", "du", "grep", "md5sum"}


class Use(NamedTuple):
    """A call that reads a file, or may write one: the call's bare name, and the texts that may be paths."""

    node: ast.Call
    name: str
    texts: Sequence[str]
    reads: bool


def uses(code: Code) -> Iterator[Use]:
    """Yield each call that reads or may write files.

    Calls of the project's own functions are left out: the calls in their bodies are yielded.
    """
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
        elif is_copied or not reads:  # any text may be the path: only the library knows
            # The first argument of copy and move is only read.
            texts = [value for value in values[is_copied:] if isinstance(value, str)]
            yield Use(call.node, name, texts, reads=False)


def _arguments(code: Code, call: Call) -> tuple[str, str, list[object]]:
    """Return the path that a call opens (empty if there is none), the mode, and the values of the other arguments."""
    func, arguments = call.node.func, [*call.node.args]
    words = {word.arg: word.value for word in call.node.keywords}
    base = code.text(func.value) if isinstance(func, ast.Attribute) else UNKNOWN
    is_method = base != UNKNOWN  # a method of a path, such as Path("a.csv").open(): the base is a text
    mode = words.pop("mode", None)
    # The mode follows the path; a method has no argument for the path.
    if not _WITH_MODE.fullmatch(call.name):
        mode = None  # of a picture, or of a folder's permissions
    elif mode is None and len(arguments) > (not is_method):
        mode = arguments.pop(not is_method)
    paths = [*arguments[:1], *(value for word, value in words.items() if word in _PATHS)]
    values = [code.fold(part) for part in (*arguments, *words.values())]
    if is_method:
        writes = call.name.rpartition(".")[2].startswith(("write", "touch", "mkdir"))
        return base, "w" if writes else code.text(mode) if mode else "r", values
    if "()" in call.name or "?" in call.name or (isinstance(func, ast.Attribute) and "." not in call.name):
        return "", "", values  # a method of some other object
    path = code.fold(paths[0]) if paths else ""
    return path if isinstance(path, str) else "", code.text(mode) if mode else "r", values


def written_paths(code: Code) -> set[str]:
    """Return the normal form of every text, in calls and shell commands, that may be a path the run writes."""
    texts = {text for use in uses(code) if not use.reads for text in use.texts}
    for command in shell.commands(code):
        if command.program not in _READING or ">" in command.words:
            texts.update(word.strip("<>") for word in command.words[1:] if word != command.script)
    return {normal(text) for text in texts if text}


def normal(path: str) -> str:
    """Return a path in normal form, relative to the working folder if it is in it."""
    return posixpath.normpath(path).removeprefix("/kaggle/working/")


def is_written(path: str, written: AbstractSet[str]) -> bool:
    """Return whether the run may write a path: the path itself, a folder that contains it, or something in it."""
    path = normal(path)
    above = {path, *map(str, PurePosixPath(path).parents)} - {".", "/"}
    return not above.isdisjoint(written) or any(text.startswith(f"{path}/") for text in written)
