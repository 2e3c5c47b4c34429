"""A notebook's cells as statements, each with its exact text, what it binds and what it reads. Nothing is run."""

import ast
import re
import symtable
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from kernelwright.adopt import names
from kernelwright.adopt.names import Uses
from kernelwright.bundle.cells import Cell
from kernelwright.support import ipython_syntax

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
# Magics that bind no name of the notebook; any other may.
_HARMLESS = re.compile(
    r"[!?]|%{1,2}(?:alias|autoreload|bash|cat|cd|conda|config|cp|env|file|html|javascript|js|latex|load_ext|ls|lsmagic"
    r"|markdown|matplotlib|memit|mkdir|mv|pip|precision|prun|psource|pwd|reload_ext|rm|set_env|sh|svg|tensorboard|tensorflow_version|time|timeit|who"
    r"|watermark|whos|writefile|xmode|capture|!|sx|system)\b(?!.*--(?:out|err|proc)\b)"
    r"|%{1,2}R\b(?!.*\s(?:-o|--output)\b)"
)


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement of a cell, or a cell that cannot be divided.

    Attributes
    ----------
    cell, position : int
        The cell's index, and the statement's place in the notebook.
    text : str
        As it is written, with the blank lines and comments above it.
    nodes : sequence of ast.stmt
        What it is as Python: several where semicolons join them, none for another language.
    is_plain : bool
        Whether it is Python as it stands, in a cell without a cell magic.
    uses : mapping
        How it uses the notebook's names.
    may_bind_any : str
        What in it may bind names that cannot be known; empty for nothing.
    """

    cell: int
    position: int
    text: str
    nodes: Sequence[ast.stmt] = ()
    is_plain: bool = False
    uses: Uses = field(default_factory=dict)
    may_bind_any: str = ""

    @cached_property
    def binds(self) -> frozenset[str]:
        """The names that it binds, itself or in functions."""
        return frozenset(self.uses.get("bound", ()))

    @cached_property
    def reads_at_once(self) -> frozenset[str]:
        """The names that it reads when it is run rather than when a function of it is called."""
        return frozenset(self.uses.get("read at once", ()))

    @cached_property
    def reads(self) -> frozenset[str]:
        """The names that it reads at any time."""
        return self.reads_at_once.union(self.uses.get("read later", ()))

    @property
    def node(self) -> ast.stmt | None:
        """The statement, where it is one alone."""
        return self.nodes[0] if len(self.nodes) == 1 and self.is_plain else None

    @property
    def name(self) -> str:
        """What a definition or a plain assignment of one name binds; else empty."""
        match self.node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                return name
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr()):
                return name
        return ""

    @property
    def definitions(self) -> list[str]:
        """The names that it defines for the notebook: its own, or of those inside another statement."""
        if isinstance(self.node, Definition):
            return [self.node.name]
        inner = (part for node in self.nodes for part in ast.walk(node))
        return [part.name for part in inner if isinstance(part, Definition) and part.name in self.binds]

    @property
    def is_import(self) -> bool:
        """Whether it only imports."""
        is_all = all(isinstance(node, ast.Import | ast.ImportFrom) for node in self.nodes)
        return self.is_plain and bool(self.nodes) and is_all

    @property
    def imports(self) -> Iterator[tuple[str, str, str]]:
        """Each name that it imports, the dotted name that stands for, empty if unknown, and the module."""
        for node in self.nodes:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    first = alias.name.partition(".")[0]
                    yield (alias.asname, alias.name, alias.name) if alias.asname else (first, first, alias.name)
            elif isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    origin = "" if node.level else f"{node.module}.{alias.name}"
                    yield alias.asname or alias.name, origin, node.module or ""

    @property
    def lines(self) -> tuple[str, str]:
        """Its text in two: blank lines and comments that stand apart above it, and itself with its own comments."""
        lines = self.text.splitlines(keepends=True)
        first = next(i for i, line in enumerate(lines) if line.strip() and not line.lstrip().startswith("#"))
        while first and lines[first - 1].lstrip().startswith("#"):
            first -= 1
        return "".join(lines[:first]), "".join(lines[first:])


def read(cells: Sequence[Cell]) -> list[Statement]:
    """Divide the code cells into statements, in order."""
    statements: list[Statement] = []
    for index, cell in enumerate(cells):
        for text, python, is_plain in _divided(cell.source) if cell.kind == "code" else ():
            statements.append(_statement(index, len(statements), text, python, is_plain=is_plain))
    return statements


def _divided(source: str) -> Iterator[tuple[str, str | None, bool]]:
    """Yield each top-level statement's text with what is above it, its Python, and whether that is the same.

    The texts make up the cell. Comments at its beginning and end are apart: they belong to the story. The cell of a
    cell magic is not divided.
    """
    python = ipython_syntax.python_source(source)
    lines, texts = (python or "").split("\n"), source.split("\n")
    tree = None if python is None or source.lstrip().startswith("%%") else ipython_syntax.parse(python)
    # Python ends a line at a lone carriage return too; IPython may add a last line.
    if tree is None or "\r" in source or len(lines) - len(texts) not in {0, 1}:
        yield source, python, False
        return
    ends = [0]
    for node in tree.body:
        start = min(part.lineno for part in (node, *getattr(node, "decorator_list", ())))
        if start <= ends[-1]:
            ends.pop()  # a semicolon joins it to the one before
        elif ends == [0]:
            ends.append(start - 1)
        ends.append(_last_line(node, lines))
    for first, last in zip(ends, [*ends[1:], len(texts)], strict=True):
        if first < last:
            text = "".join(f"{line}\n" for line in texts[first:last])
            part = "".join(f"{line}\n" for line in lines[first:last])
            yield text, part, text == part


def _last_line(node: ast.stmt, lines: Sequence[str]) -> int:
    """Return the number of a statement's last line; comments after a block that are indented are still the block's."""
    last = node.end_lineno or node.lineno
    for number, line in enumerate(lines[last:], last + 1):
        if not hasattr(node, "body") or (line and not line[0].isspace()):
            break
        last = number if line.strip() else last
    return last


def _statement(cell: int, position: int, text: str, python: str | None, *, is_plain: bool) -> Statement:
    magics = [command for _, command in ipython_syntax.commands(text) if not _HARMLESS.match(command)]
    statement = Statement(cell=cell, position=position, text=text, may_bind_any=f"`{magics[0]}`" if magics else "")
    if python is None:
        return statement
    try:
        tree, table = ast.parse(python), symtable.symtable(python, "cell", "exec")
    except ipython_syntax.UNPARSABLE:
        return replace(statement, may_bind_any="what Python cannot read")
    dynamic = [statement.may_bind_any, *(f"`{what}`" for what in names.unpredictable(list(ast.walk(tree))))]
    return replace(
        statement,
        nodes=tree.body,
        is_plain=is_plain,
        uses=names.uses(tree, table),
        may_bind_any=next(filter(None, dynamic), ""),
    )
