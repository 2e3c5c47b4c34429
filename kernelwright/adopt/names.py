"""How code uses the notebook's names, and the names whose effect is known: the lists of ``name_lists.toml``."""

import ast
import symtable
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cache
from importlib import resources
from typing import Literal

from kernelwright.support import ipython_syntax

Use = Literal["bound", "rebound", "read at once", "read later", "patched", "mutated", "shown", "hook"]
"""Of a name: bound; declared ``global`` by a function; read when the statement is run; read when a function of it is
called; something of it is set or deleted; a method changes it; printed itself; defined and called by Python itself.
"""
Uses = Mapping[Use, AbstractSet[str]]
_COMPREHENSIONS = {"listcomp", "setcomp", "dictcomp", "genexpr"}
_SHOWS = {"print", "display", "repr", "str", "format"}
_SUBCLASS_HOOKS = {"__init_subclass__", "__set_name__", "__class_getitem__", "__prepare__"}


@cache
def listed(key: str) -> frozenset[str]:
    """Return one of the lists."""
    text = resources.files("kernelwright.adopt").joinpath("name_lists.toml").read_text("utf-8")
    return frozenset(tomllib.loads(text)[key])


def uses(tree: ast.Module, table: symtable.SymbolTable) -> Uses:
    """Return the names that code uses, by how it uses them."""
    by_use: dict[Use, set[str]] = defaultdict(set)
    for use, name in [*_in_scopes(table), *(use for node in ast.walk(tree) for use in _in_node(node))]:
        by_use[use].add(name)
    return by_use


def _in_scopes(table: symtable.SymbolTable, *, is_run: bool = True) -> Iterator[tuple[Use, str]]:
    """Yield how the notebook's names are bound and read in a scope and in those inside it."""
    kind = table.get_type()
    # A class's body and a comprehension are run where they stand, a function when it is called.
    is_run = is_run and (kind != "function" or table.get_name().strip("<>") in _COMPREHENSIONS)
    for symbol in table.get_symbols():
        name, is_bound = symbol.get_name(), symbol.is_assigned() or symbol.is_imported()
        # In a class's body, a name is the notebook's until the body binds it.
        is_notebooks = kind == "module" or symbol.is_global() or (kind == "class" and symbol.is_local())
        if symbol.is_referenced() and is_notebooks:
            yield "read at once" if is_run else "read later", name
        if symbol.is_declared_global():
            yield "read later", name
            yield "rebound", name
        if is_bound and (kind == "module" or symbol.is_declared_global()):
            yield "bound", name
    for child in table.get_children():
        yield from _in_scopes(child, is_run=is_run)


def _in_node(node: ast.AST) -> Iterator[tuple[Use, str]]:
    """Yield what a node says of names beyond what the symbol table has."""
    match node:
        case ast.NamedExpr(target=target):  # which a comprehension binds outside itself
            yield "bound", target.id
        case ast.FunctionDef(name=name) if name in _SUBCLASS_HOOKS:
            yield "hook", name
        case ast.Subscript(ctx=ast.Store() | ast.Del()) | ast.Attribute(ctx=ast.Store() | ast.Del()):
            yield "patched", root(node)
        case ast.Call(func=ast.Name(id="setattr" | "delattr"), args=[owner, *_]):
            yield "patched", root(owner)
        case ast.Call(func=ast.Attribute(value=owner, attr=method)) if method in listed("mutators"):
            yield "mutated", root(owner)
        case ast.Call(func=ast.Name(id=function), args=values) if function in _SHOWS:
            yield from (("shown", name) for name in map(_inspected, values))
        case ast.FormattedValue(value=value) | ast.Expr(value=value):
            yield "shown", _inspected(value)
    annotation = getattr(node, "annotation", None) or getattr(node, "returns", None)
    for part in ast.walk(annotation) if isinstance(annotation, ast.expr) else ():
        if isinstance(part, ast.Constant) and isinstance(part.value, str):  # an annotation may be quoted
            quoted = ast.walk(ipython_syntax.parse(part.value.strip()) or ast.Module([], []))
            yield from (("read later", name.id) for name in quoted if isinstance(name, ast.Name))


def root(node: ast.AST) -> str:
    """Return the name that an attribute or an item is of; empty for another expression."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def _inspected(node: ast.expr) -> str:
    """Return the name whose value is shown itself, or with all its attributes; empty for another expression."""
    match node:
        case ast.Call(func=ast.Name(id="vars" | "dir"), args=[ast.Name(id=name)]):
            return name
        case ast.Name(id=name) | ast.Attribute(value=ast.Name(id=name), attr="__dict__" | "__module__"):
            return name
    return ""


def unpredictable(nodes: Sequence[ast.AST]) -> Iterator[str]:
    """Yield what may bind names, or ask for them, in a way that only the run shows."""
    looked_up = {id(name) for node in nodes for name in _looked_up(node)}
    for node in nodes:
        match node:
            case ast.ImportFrom(module=module, names=[ast.alias(name="*")]):
                yield f"from {module} import *"
            case ast.Name(id="exec" | "globals" | "locals" as name) if id(node) not in looked_up:
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
