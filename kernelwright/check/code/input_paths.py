"""Paths of mounted sources within texts: whole paths, and those in a command or a sentence."""

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kernelwright.check.code.branches import Code

_MOUNTED = re.compile(r"(?<![\w.~}-])(?:/kaggle/input|(?:\.\./)+input)/[^\s\"'`,;:|&()<>\\]*")
_OWNED = {"datasets": 2, "notebooks": 2, "models": 2, "competitions": 1}
_TALKING = re.compile(
    r"(.*\.)?(print|debug|info|warn|warning|error|exception|critical|display|Markdown|HTML|exit|\w*Error)"
)
_COMPARING = re.compile(
    r"(starts|ends)with|replace|remove(pre|suf)fix|r?(split|partition|index)|count|[lr]?strip|sub|(full)?match|search|contains"
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


def literal(code: Code, *, compared: bool = False) -> Iterator[tuple[ast.expr, str]]:
    """Yield the expressions that make a text with a literal of their own, the whole before its parts.

    Docstrings and what is only said, by ``print`` or an error, are left out, and what is only compared unless it is
    asked for; so is the use of a constant that names a source already: where the constant is given, it is judged.
    """
    covered: set[int] = set()
    for node in code.running:
        left_out = [*_said(node, code), *([] if compared else _compared(node))]
        covered.update(id(part) for one in left_out for part in _parts(one))
        if id(node) in covered or not isinstance(node, ast.Constant | ast.JoinedStr | ast.BinOp | ast.Call):
            continue
        text = code.scope.text(node)
        if isinstance(node, ast.JoinedStr) or "input" in text:
            covered.update(id(part) for part in ast.walk(node) if part is not node)
        if text and not (mounted(text) and _repeats(code, node)):
            yield node, text


def _said(node: ast.AST, code: Code) -> Sequence[ast.expr]:
    """Return the texts that a node says to people."""
    match node:
        case ast.Expr(value=ast.Constant() as value):
            return [value]
        case ast.Call(func=func, args=arguments, keywords=keywords):
            talking = any(map(_TALKING.fullmatch, (_last(func), *code.scope.names(func))))
            helping = [keyword.value for keyword in keywords if keyword.arg == "help"]
            return [*arguments, *helping] if talking else helping
        case ast.Raise(exc=ast.Call(args=arguments)):
            return arguments
        case ast.Assert(msg=ast.expr() as message):
            return [message]
    return []


def _compared(node: ast.AST) -> Sequence[ast.expr]:
    """Return the texts that others are held against, or that values are looked up by."""
    match node:
        case ast.Compare(left=left, comparators=others):
            groups = (one.elts if isinstance(one, ast.Tuple | ast.List | ast.Set) else [one] for one in others)
            return [left, *(part for group in groups for part in group)]
        case ast.Dict(keys=keys):
            return [key for key in keys if key is not None]
        case ast.Subscript(slice=key):
            return [key]
        case ast.MatchValue(value=value):
            return [value]
        case ast.Call(func=ast.Attribute(attr=name), args=arguments) if _COMPARING.fullmatch(name):
            tuples = (one.elts if isinstance(one, ast.Tuple) else [one] for one in arguments)
            return [part for one in tuples for part in one]
    return []


def _parts(node: ast.expr) -> Iterator[ast.expr]:
    """Yield a text that is left out, with its parts; what is called in it is not left out."""
    if isinstance(node, ast.Constant | ast.JoinedStr | ast.BinOp):
        yield from (node, *(part for part in ast.iter_child_nodes(node) if isinstance(part, ast.Constant)))
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
        yield from (node, node.func.value, *(part for part in node.args if isinstance(part, ast.Constant)))


def _last(func: ast.expr) -> str:
    """Return the bare name of what is called, whatever it is called on."""
    match func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _repeats(code: Code, node: ast.expr) -> bool:
    named = (part for part in ast.walk(node) if isinstance(part, ast.Name | ast.Attribute | ast.Subscript))
    return any(mounted(code.scope.text(part)) for part in named)
