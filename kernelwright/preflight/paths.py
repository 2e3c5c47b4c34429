"""Paths of mounted sources within texts: whole paths, and those in a command or a sentence."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from kernelwright.preflight.reading import Code

_MOUNTED = re.compile(r"(?<![\w.~}-])(?:/kaggle/input|(?:\.\./)+input)/[^\s\"'`,;:|&()<>\\]*")
_OWNED = {"datasets": 2, "notebooks": 2, "models": 2, "competitions": 1}
_TALKING = re.compile(
    r"(.*\.)?(print|debug|info|warn|warning|error|exception|critical|display|Markdown|HTML|exit|\w*Error)"
)


@dataclass(frozen=True, kw_only=True)
class Mounted:
    """A path below the folder of inputs: the source's slug, and its owner where the layout tells it."""

    path: str
    slug: str
    owner: str = ""


def mounted(text: str) -> list[Mounted]:
    """Return the sources whose paths stand in a text; a pattern, or what only the run knows, names none."""
    return [found for match in _MOUNTED.finditer(text) if (found := _source(match[0].rstrip("."))).slug]


def _source(path: str) -> Mounted:
    parts = [part for part in path.partition("input/")[2].split("/") if part]
    at = _OWNED.get(parts[0], 0) if parts else 0
    slug = parts[at] if len(parts) > at else ""
    unknown = any(mark in "/".join(parts[: at + 1]) for mark in "*?[{$")
    return Mounted(path=path, slug="" if unknown else slug, owner=parts[1] if at == 2 and len(parts) > 1 else "")


def literal(code: Code) -> Iterator[tuple[ast.expr, str]]:
    """Yield the expressions that make a text with a literal of their own, the whole before its parts.

    Docstrings and what is only said, by ``print`` or an error, are left out; so is the use of a constant that names
    a source already: where the constant is given, it is judged.
    """
    covered: set[int] = set()
    for node in code.script.running():
        covered.update(id(part) for part in _said(node))
        if id(node) in covered or not isinstance(node, ast.Constant | ast.JoinedStr | ast.BinOp | ast.Call):
            continue
        text = code.scope.text(node)
        if isinstance(node, ast.JoinedStr) or "input" in text:
            covered.update(id(part) for part in ast.walk(node) if part is not node)
        if text and not (mounted(text) and _repeats(code, node)):
            yield node, text


def _said(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the texts that a node says to people."""
    said: list[ast.expr] = []
    match node:
        case ast.Expr(value=ast.Constant() as value):
            said = [value]
        case ast.Call(func=func, args=arguments, keywords=keywords):
            said = arguments if _TALKING.fullmatch(_last(func)) else []
            said = [*said, *(keyword.value for keyword in keywords if keyword.arg == "help")]
        case ast.Raise(exc=ast.Call(args=arguments)):
            said = arguments
        case ast.Assert(msg=ast.expr() as message):
            said = [message]
    for one in said:
        if isinstance(one, ast.Constant | ast.JoinedStr | ast.BinOp):
            yield from (one, *(part for part in ast.iter_child_nodes(one) if isinstance(part, ast.Constant)))


def _last(func: ast.expr) -> str:
    """Return the bare name of what is called, whatever it is called on."""
    match func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _repeats(code: Code, node: ast.expr) -> bool:
    named = (part for part in ast.walk(node) if isinstance(part, ast.Name | ast.Attribute | ast.Subscript))
    return any(mounted(code.scope.text(part)) for part in named)
