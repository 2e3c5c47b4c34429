"""A notebook's cells as statements, each with its exact text, what it binds and what it reads. Nothing is run."""

import ast
import re
import symtable
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from kernelwright.bundle.cells import Cell
from kernelwright.support import ipython_syntax

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
Use = Literal["bound", "read at once", "read later"]
_COMPREHENSIONS = {"listcomp", "setcomp", "dictcomp", "genexpr"}
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
    binds, reads, reads_at_once : frozenset of str
        The notebook's names that it binds, itself or in functions; that it reads; and that it reads when it is run
        rather than when a function of it is called.
    may_bind_any : str
        What in it may bind names that cannot be known; empty for nothing.
    """

    cell: int
    position: int
    text: str
    nodes: Sequence[ast.stmt] = ()
    is_plain: bool = False
    binds: frozenset[str] = frozenset()
    reads: frozenset[str] = frozenset()
    reads_at_once: frozenset[str] = frozenset()
    may_bind_any: str = ""

    @property
    def node(self) -> ast.stmt | None:
        """The statement, where it is one alone."""
        return self.nodes[0] if len(self.nodes) == 1 and self.is_plain else None

    @cached_property
    def parts(self) -> list[ast.AST]:
        """Every node of its syntax tree."""
        return [part for node in self.nodes for part in ast.walk(node)]

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
        return [part.name for part in self.parts if isinstance(part, Definition) and part.name in self.binds]

    @property
    def is_import(self) -> bool:
        """Whether it only imports."""
        is_all = all(isinstance(node, ast.Import | ast.ImportFrom) for node in self.nodes)
        return self.is_plain and bool(self.nodes) and is_all

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
        for text, python in _divided(cell.source) if cell.kind == "code" else ():
            is_plain = text == python and not cell.source.lstrip().startswith("%%")
            statements.append(_statement(index, len(statements), text, python, is_plain=is_plain))
    return statements


def _divided(source: str) -> Iterator[tuple[str, str | None]]:
    """Yield the text and the Python of each top-level statement with what is above it; the texts make up the cell.

    Comments at the cell's beginning and end are apart: they belong to the story. A cell magic's cell is not divided.
    """
    python = ipython_syntax.python_source(source)
    lines, texts = (python or "").split("\n"), source.split("\n")
    tree = None if python is None or source.lstrip().startswith("%%") else ipython_syntax.parse(python)
    # Python ends a line at a lone carriage return too; IPython may add a last line.
    if tree is None or "\r" in source or len(lines) - len(texts) not in {0, 1}:
        yield f"{source}\n", python and f"{python}\n"
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
            yield "".join(f"{line}\n" for line in texts[first:last]), "".join(f"{line}\n" for line in lines[first:last])


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
    may_bind_any = [f"`{magic}`" for magic in magics]
    if python is None:
        return Statement(cell=cell, position=position, text=text, may_bind_any="".join(may_bind_any[:1]))
    try:
        tree, table = ast.parse(python), symtable.symtable(python, "cell", "exec")
    except ipython_syntax.UNPARSABLE:
        return Statement(cell=cell, position=position, text=text, may_bind_any="what Python cannot read")
    uses: dict[Use, set[str]] = defaultdict(set)
    for use, name in [*_symbols(table), *_unseen(tree)]:
        uses[use].add(name)
    return Statement(
        cell=cell,
        position=position,
        text=text,
        nodes=tree.body,
        is_plain=is_plain,
        binds=frozenset(uses["bound"]),
        reads=frozenset(uses["read at once"] | uses["read later"]),
        reads_at_once=frozenset(uses["read at once"]),
        may_bind_any=next(iter([*may_bind_any, *(f"`{name}`" for name in _dynamic(list(ast.walk(tree))))]), ""),
    )


def _symbols(table: symtable.SymbolTable, *, is_run: bool = True) -> Iterator[tuple[Use, str]]:
    """Yield how the notebook's names are used in a scope and in those inside it."""
    kind = table.get_type()
    # A class's body and a comprehension are run where they stand, a function when it is called.
    is_run = is_run and (kind != "function" or table.get_name().strip("<>") in _COMPREHENSIONS)
    for symbol in table.get_symbols():
        name = symbol.get_name()
        # In a class's body, a name is the notebook's until the body binds it.
        is_notebooks = kind == "module" or symbol.is_global() or (kind == "class" and symbol.is_local())
        if symbol.is_referenced() and is_notebooks:
            yield "read at once" if is_run else "read later", name
        if symbol.is_declared_global():
            yield "read later", name
        is_bound = symbol.is_assigned() or symbol.is_imported()
        if is_bound and (kind == "module" or symbol.is_declared_global()):
            yield "bound", name
    for child in table.get_children():
        yield from _symbols(child, is_run=is_run)


def _unseen(tree: ast.Module) -> Iterator[tuple[Use, str]]:
    """Yield what no symbol table has: ``:=`` in a comprehension, and names in annotations that are strings."""
    for node in ast.walk(tree):
        if isinstance(node, ast.NamedExpr):
            yield "bound", node.target.id
        annotation = getattr(node, "annotation", None) or getattr(node, "returns", None)
        for part in ast.walk(annotation) if isinstance(annotation, ast.expr) else ():
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                for name in ast.walk(ipython_syntax.parse(part.value.strip()) or ast.Module([], [])):
                    if isinstance(name, ast.Name):
                        yield "read later", name.id


def _dynamic(parts: Sequence[ast.AST]) -> Iterator[str]:
    """Yield what may bind names, or ask for them, in a way that only the run shows."""
    looked_up = {id(name) for part in parts for name in _looked_up(part)}
    for part in parts:
        match part:
            case ast.ImportFrom(module=module, names=[ast.alias(name="*")]):
                yield f"from {module} import *"
            case ast.Name(id="exec" | "globals" | "locals" as name) if id(part) not in looked_up:
                yield name
            case ast.Call(func=ast.Name(id="vars"), args=[]):
                yield "vars"
            case ast.Import(names=aliases) if any(alias.name == "__main__" for alias in aliases):
                yield "import __main__"
            case ast.Attribute(attr="modules" | "_getframe" as name, value=ast.Name(id="sys")):
                yield f"sys.{name}"
            case ast.Call(func=ast.Attribute(attr="run_cell" | "push" | "ex" as name, value=ast.Call())):
                yield f"get_ipython().{name}"
            case ast.Constant(value=str(value)) if value.startswith("__main__."):
                yield value


def _looked_up(node: ast.AST) -> Iterator[ast.AST]:
    """Yield each ``globals`` and ``locals`` that is only asked for a name, and each ``locals`` of a function."""
    match node:
        case (
            ast.Compare(ops=[ast.In() | ast.NotIn()], comparators=[ast.Call(func=ast.Name() as func)])
            | ast.Attribute(attr="get" | "keys" | "items", value=ast.Call(func=ast.Name() as func))
            | ast.Subscript(ctx=ast.Load(), value=ast.Call(func=ast.Name() as func))
        ):
            yield func
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
            yield from (part for part in ast.walk(node) if isinstance(part, ast.Name) and part.id == "locals")
