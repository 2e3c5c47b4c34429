"""Folders the code makes itself: what is loaded from them later is no name of a hub."""

import ast
import re
from collections.abc import Iterator

from kernelwright.check.code.branches import Code
from kernelwright.check.code.call import Asked
from kernelwright.check.code.evaluate import Scope

_MAKING = re.compile(
    r"(?i)(?!.*(hub|load)).*(save|write|copy|move|mkdir|makedirs|extract|unpack|link|rename|export|dump|convert).*|open"
)
_OUTPUT = re.compile(r"(?i)(\w*_)?(dir|folder|directory|dst|save_path|output_path|out_path|project)")
_RUNNING = re.compile(r"(subprocess|os|pexpect)\.\w+|.*get_ipython\(\)\.\w+")
_COMMAND = re.compile(r"(?:^|[\s!;&|\"'(\[])(?:cp|mv|mkdir|ln|rsync|unzip|tar|git\s+clone|7z|install)(?=[\s\"',])")
_HERE = re.compile(r"^(\./|/kaggle/working/)+")


def folders(code: Code) -> Iterator[str]:
    """Yield the first part of each path that a call or a command may make."""
    texts = (text for node in code.running if isinstance(node, ast.Call) for text in _made(node, code.scope))
    for text in (*texts, *(word for _, line in code.magics for word in _words(line))):
        if first := first_part(text):
            yield first


def first_part(path: str) -> str:
    """Return the first part of a relative path, empty for one that lies elsewhere."""
    return _HERE.sub("", path).partition("/")[0]


def _made(node: ast.Call, scope: Scope) -> Iterator[str]:
    named = [word.value for word in node.keywords if _OUTPUT.fullmatch(word.arg or "")]
    yield from (text for value in named if (text := scope.text(value)))
    last = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    names = scope.names(node.func)
    asked = Asked(name=names[0] if names else "", node=node, scope=scope)
    if any(map(_RUNNING.fullmatch, names)):
        yield from _words(" ".join(asked.texts()))
    if _MAKING.fullmatch(last):
        yield from (*asked.texts(), scope.text(node.func.value) if isinstance(node.func, ast.Attribute) else "")


def _words(line: str) -> list[str]:
    return re.split(r"[\s\"'=>;&|]+", line) if _COMMAND.search(line) else []
