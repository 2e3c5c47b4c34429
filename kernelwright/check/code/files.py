"""Which files the code opens, by literal paths, and which it may make."""

import ast
import posixpath
import re
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from pathlib import PurePosixPath
from typing import NamedTuple

from kernelwright.check.code import shell
from kernelwright.check.code.names import Site
from kernelwright.check.code.reachability import Call, Code
from kernelwright.check.code.severity import table
from kernelwright.check.code.values import UNKNOWN

_PATHS = {"path", "file", "filename", "filepath", "filepath_or_buffer", "fname", "io", "f", "src"}
_WITH_MODE = re.compile(r".*(open|ZipFile|TarFile|File)")
_READING = {"cat", "head", "tail", "ls", "wc", "du", "grep", "md5sum"}


class Use(NamedTuple):
    """A call that opens or may make a file: its bare name, and the texts that may be paths."""

    site: Site
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
        path, mode = _path_and_mode(code, call)
        is_written, is_copied = bool(set(f"wax+{UNKNOWN}") & set(mode)), name.startswith(("copy", "move"))
        if readers.fullmatch(name) and not is_written:
            yield Use(call.site, name, [path] if path else [], reads=True)
        if not readers.fullmatch(name) or is_written or is_copied:
            arguments = [*call.node.args, *(word.value for word in call.node.keywords)][is_copied:]
            texts = [text for part in arguments if isinstance(text := code.fold(part, call.site.unit), str)]
            yield Use(call.site, name, [path, *texts] if path and is_written else texts, reads=False)


def _path_and_mode(code: Code, call: Call) -> tuple[str, str]:
    """Return the path a call is about, empty where there is none, and the mode it is opened in."""
    node, unit = call.node, call.site.unit
    modes = [word.value for word in node.keywords if word.arg == "mode"]
    base = code.text(node.func.value, unit) if isinstance(node.func, ast.Attribute) else UNKNOWN
    if base != UNKNOWN:  # a method of a path
        path, modes = base, [*modes, *node.args[:1]]
    elif "()" in call.name or "?" in call.name or (isinstance(node.func, ast.Attribute) and "." not in call.name):
        return "", ""  # of an object whose members are no files
    else:
        paths = [*node.args[:1], *(word.value for word in node.keywords if word.arg in _PATHS)]
        value = code.fold(paths[0], unit) if paths else ""
        path, modes = value if isinstance(value, str) else "", [*modes, *node.args[1:2]]
    if base != UNKNOWN and call.name.rpartition(".")[2].startswith(("write", "touch", "mkdir")):
        return path, "w"
    return path, code.text(modes[0], unit) if modes and _WITH_MODE.fullmatch(call.name) else "r"


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
