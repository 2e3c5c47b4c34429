"""A notebook's cells as statements, each with its exact text, what it binds and what it reads. Nothing is run."""

import ast
import re
import symtable
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import libcst

from kernelwright.bundle.cells import Cell
from kernelwright.support import ipython_syntax

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_IMPORT = ast.Import | ast.ImportFrom
_COMPREHENSIONS = {"listcomp", "setcomp", "dictcomp", "genexpr"}
# Magics that bind no name of the notebook; any other may.
_HARMLESS = re.compile(
    r"[!?]|%{1,2}(?:alias|autoreload|bash|cat|cd|conda|config|cp|env|file|html|javascript|js|latex|load_ext|ls|lsmagic"
    r"|markdown|matplotlib|memit|mkdir|mv|pip|precision|prun|psource|pwd|reload_ext|rm|set_env|sh|svg|tensorboard|tensorflow_version|time|timeit|who"
    r"|watermark|whos|writefile|xmode|capture|!|sx|system)\b(?!.*--(?:out|err|proc)\b)"
)
_R_OUTPUT = re.compile(r"%{1,2}R\b(?!.*\s(?:-o|--output)\b)")


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
        return self.is_plain and bool(self.nodes) and all(isinstance(node, _IMPORT) for node in self.nodes)


def read(cells: Sequence[Cell]) -> list[Statement]:
    """Divide the code cells into statements, in order."""
    statements: list[Statement] = []
    for index, cell in enumerate(cells):
        for text, python, is_plain in _divided(cell.source) if cell.kind == "code" else ():
            statements.append(_statement(index, len(statements), text, python, is_plain=is_plain))
    return statements


def _divided(source: str) -> Iterator[tuple[str, str | None, bool]]:
    """Yield each statement's text, its Python, and whether that is the same; the texts make up the cell."""
    python = ipython_syntax.python_source(source)
    if python and python.count("\n") == source.count("\n") + 1:
        python = python.removesuffix("\n")  # which IPython adds
    parts = None if python is None or source.lstrip().startswith("%%") else _parts(python)
    lines = [f"{line}\n" for line in source.split("\n")]
    if parts is None or sum(part.count("\n") for part in parts) != len(lines):
        yield source, python, False
        return
    first = 0
    for part in parts:
        last = first + part.count("\n")
        text = "".join(lines[first:last])
        yield text, part, text == part
        first = last


def _parts(python: str) -> list[str] | None:
    """Divide Python into top-level statements, and the comments at both ends; None where that cannot be done."""
    try:
        module = libcst.parse_module(python + "\n")
        ends = ["".join(map(module.code_for_node, lines)) for lines in (module.header, module.footer)]
        parts = [ends[0], *map(module.code_for_node, module.body), ends[1]]
    except (libcst.ParserSyntaxError, RecursionError):  # code may be nested deeper than libcst goes
        return None
    return [part for part in parts if part] if "".join(parts) == python + "\n" else None


def _statement(cell: int, position: int, text: str, python: str | None, *, is_plain: bool) -> Statement:
    commands = ipython_syntax.commands(text)
    magic = next((c for _, c in commands if not (_HARMLESS.match(c) or _R_OUTPUT.match(c))), "")
    unparsed = Statement(cell=cell, position=position, text=text, may_bind_any=f"`{magic}`" if magic else "")
    if python is None:
        return unparsed
    try:
        tree = ast.parse(python)
        table = symtable.symtable(python, "cell", "exec")
    except ipython_syntax.UNPARSABLE:
        return Statement(cell=cell, position=position, text=text, may_bind_any="what Python cannot read")
    used = _Names()
    used.add_top(table)
    used.binds |= {node.target.id for node in ast.walk(tree) if isinstance(node, ast.NamedExpr)}
    used.later |= {name for node in ast.walk(tree) for name in _quoted(node)}
    lookups = {id(node) for part in ast.walk(tree) for node in _looked_up(part)}
    dynamic = (_dynamic(node) for node in ast.walk(tree) if id(node) not in lookups)
    return Statement(
        cell=cell,
        position=position,
        text=text,
        nodes=tree.body,
        is_plain=is_plain,
        binds=frozenset(used.binds),
        reads=frozenset(used.at_once | used.later),
        reads_at_once=frozenset(used.at_once),
        may_bind_any=unparsed.may_bind_any or next(filter(None, dynamic), ""),
    )


@dataclass(kw_only=True)
class _Names:
    """The notebook's names that code binds, and reads at once or in functions that are called later."""

    binds: set[str] = field(default_factory=set)
    at_once: set[str] = field(default_factory=set)
    later: set[str] = field(default_factory=set)

    def add_top(self, table: symtable.SymbolTable) -> None:
        for symbol in table.get_symbols():
            self.binds |= {symbol.get_name()} if symbol.is_assigned() or symbol.is_imported() else set()
            self.at_once |= {symbol.get_name()} if symbol.is_referenced() else set()
        for child in table.get_children():
            self._add_inner(child, is_now=True)

    def _add_inner(self, table: symtable.SymbolTable, *, is_now: bool) -> None:
        is_class = table.get_type() == "class"
        is_now = is_now and (table.get_type() != "function" or table.get_name().strip("<>") in _COMPREHENSIONS)
        for symbol in table.get_symbols():
            # In a class body, a name is the notebook's until the body binds it.
            if symbol.is_referenced() and (symbol.is_global() or (is_class and symbol.is_local())):
                (self.at_once if is_now else self.later).add(symbol.get_name())
            if symbol.is_declared_global():
                self.later.add(symbol.get_name())
                self.binds |= {symbol.get_name()} if symbol.is_assigned() or symbol.is_imported() else set()
        for child in table.get_children():
            self._add_inner(child, is_now=is_now)


def _quoted(node: ast.AST) -> Iterator[str]:
    """Yield the names in an annotation that is a string."""
    annotation = getattr(node, "annotation", None) or getattr(node, "returns", None)
    for part in ast.walk(annotation) if isinstance(annotation, ast.expr) else ():
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            try:
                inner = ast.parse(part.value, mode="eval")
            except (SyntaxError, ValueError):
                continue
            yield from (name.id for name in ast.walk(inner) if isinstance(name, ast.Name))


_BINDERS = {"exec", "globals", "locals"}


def _looked_up(node: ast.AST) -> Iterator[ast.AST]:
    """Yield each ``globals`` and ``locals`` of which only a name is looked up, and each ``locals`` of a function."""
    match node:
        case ast.Compare(ops=[ast.In() | ast.NotIn()], comparators=[ast.Call(func=ast.Name() as func)]):
            yield func
        case ast.Attribute(attr="get" | "keys" | "items", value=ast.Call(func=ast.Name() as func)):
            yield func
        case ast.Subscript(ctx=ast.Load(), value=ast.Call(func=ast.Name() as func)):
            yield func
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
            yield from (part for part in ast.walk(node) if isinstance(part, ast.Name) and part.id == "locals")


def _dynamic(node: ast.AST) -> str:
    """Return what may bind names, or ask for them, in a way that only the run shows; empty for another node."""
    written = ""
    match node:
        case ast.ImportFrom(module=module, names=[ast.alias(name="*")]):
            written = f"from {module} import *"
        case ast.Name(id=name) if name in _BINDERS:
            written = name
        case ast.Call(func=ast.Name(id="vars"), args=[]):
            written = "vars"
        case ast.Import(names=aliases) if any(alias.name == "__main__" for alias in aliases):
            written = "import __main__"
        case ast.Attribute(attr="modules" | "_getframe" as name, value=ast.Name(id="sys")):
            written = f"sys.{name}"
        case ast.Call(func=ast.Attribute(attr="run_cell" | "push" | "ex" as name, value=ast.Call())):
            written = f"get_ipython().{name}"
        case ast.Constant(value=str(value)) if value.startswith("__main__."):
            written = value
    return f"`{written}`" if written else ""
