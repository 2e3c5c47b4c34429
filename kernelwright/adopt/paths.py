"""Literal reads below /kaggle/input that can go through ``inputs.find``."""

import ast
import re

from kernelwright.adopt.names import listed
from kernelwright.runtime.inputs import KINDS

PLACE = r"(?:/kaggle/input|(?:\.\./)+input)"
_LITERAL = re.compile(rf"('''|\"\"\"|'|\"){PLACE}/([A-Za-z0-9-]+(?:/[^{{}}\\'\"]*)?)\1")


def through_find(text: str, name: str) -> str:
    """Return a statement's text with its literal reads going through ``inputs.find``, called ``name`` there.

    Only a literal that is an argument of what reads it, and not under a ``try``, which may count on the error of a
    file that is not there, nor in an f-string, where not every Python takes another one.
    """
    if not re.search(PLACE, text):
        return text
    tree = ast.parse(text)
    kept = (node for node in ast.walk(tree) if isinstance(node, ast.Try | ast.TryStar | ast.JoinedStr))
    inside = {id(part) for node in kept for part in ast.walk(node)}
    literals = list[ast.Constant]()
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Name(id=reader) | ast.Attribute(attr=reader), args=[ast.Constant() as first, *_]
            ) if reader in listed("readers") and id(node) not in inside:
                literals.append(first)
    lines = text.encode().split(b"\n")  # in bytes, as Python counts columns
    for node in sorted(literals, key=lambda node: node.col_offset, reverse=True):
        line, start, end = lines[node.lineno - 1], node.col_offset, node.end_col_offset
        literal = _LITERAL.fullmatch(line[start:end].decode())
        if literal and (found := _found(literal[1], literal[2].split("/"), name)):
            lines[node.lineno - 1] = line[:start] + found.encode() + line[end:]
    return b"\n".join(lines).decode()


def _found(quote: str, parts: list[str], name: str) -> str:
    """Return an f-string that finds a path's source; empty where its folder differs between Kaggle's layouts."""
    depth = 1
    if parts[0] in KINDS:
        depth, parts = KINDS[parts[0]].count("*"), parts[1:]
    elif len(parts) > 1 and parts[1].lower() in listed("frameworks"):
        return ""
    if not all(parts[:depth]) or len(parts) < depth:
        return ""
    inner = '"' if quote.startswith("'") else "'"
    rest = "".join(f"/{part}" for part in parts[depth:])
    return f"f{quote}{{{name}.find({inner}{'/'.join(parts[:depth])}{inner})}}{rest}{quote}"
