"""Make literal reads below /kaggle/input go through ``inputs.find``."""

import ast
import re

from kernelwright.adopt.names import listed
from kernelwright.runtime.inputs import KINDS

PLACE = r"(?:/kaggle/input|(?:\.\./)+input)"
# A string literal without prefix, backslash and brace: it can become an f-string as it is.
_LITERAL = re.compile(rf"('''|\"\"\"|'|\"){PLACE}/([A-Za-z0-9-]+(?:/[^{{}}\\'\"]*)?)\1")


def through_find(text: str, name: str) -> str:
    """Replace literal reads in a statement's text by reads through ``inputs.find``; ``name`` is the name of ``inputs``.

    Only a literal that is the first argument of a function that reads it is replaced. Literals in a ``try`` stay,
    because it may rely on the error for a missing file. So do those in an f-string, because not every Python allows
    nested f-strings.
    """
    if not re.search(PLACE, text):
        return text
    tree = ast.parse(text)
    kept = (node for node in ast.walk(tree) if isinstance(node, ast.Try | ast.TryStar | ast.JoinedStr))
    inside = {id(part) for node in kept for part in ast.walk(node)}
    literals = list[ast.Constant]()
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=reader) | ast.Attribute(attr=reader), args=args, keywords=words) if (
                reader in listed("readers") and id(node) not in inside
            ):
                first = [*args, *(word.value for word in words)][:1]
                literals += (it for it in first if isinstance(it, ast.Constant) and it.lineno == it.end_lineno)
    lines = text.encode().split(b"\n")  # `col_offset` counts bytes
    # From right to left, so that the columns of the others on the line stay valid.
    for node in sorted(literals, key=lambda node: node.col_offset, reverse=True):
        line, start, end = lines[node.lineno - 1], node.col_offset, node.end_col_offset
        literal = _LITERAL.fullmatch(line[start:end].decode())
        if literal and (found := _found(literal[1], literal[2].split("/"), name)):
            lines[node.lineno - 1] = line[:start] + found.encode() + line[end:]
    return b"\n".join(lines).decode()


def _found(quote: str, parts: list[str], name: str) -> str:
    """Return an f-string that finds a path's source; empty if the path does not tell how many parts the source has."""
    depth = 1  # the number of parts of the path that name the source
    if parts[0] in KINDS:
        depth, parts = KINDS[parts[0]].count("*"), parts[1:]
    elif len(parts) > 1 and parts[1].lower() in listed("frameworks"):
        return ""
    if not all(parts[:depth]) or len(parts) < depth:
        return ""
    inner = '"' if quote.startswith("'") else "'"  # before Python 3.12, an f-string cannot contain its own quotes
    rest = "".join(f"/{part}" for part in parts[depth:])
    return f"f{quote}{{{name}.find({inner}{'/'.join(parts[:depth])}{inner})}}{rest}{quote}"
