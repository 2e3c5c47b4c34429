"""Find out how code uses the notebook's names; read the lists of known names in ``name_lists.toml``."""

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
"""How code uses a name. bound: the code binds it; rebound: a function declares it ``global``; read at once: when the
statement runs; read later: when one of the statement's functions is called; patched: an attribute or item of it is set
or deleted; mutated: a method changes it in place; shown: it is printed itself; hook: a method that Python itself calls.
"""
Uses = Mapping[Use, AbstractSet[str]]
# Names of their scopes in a symbol table, without the angle brackets.
_COMPREHENSIONS = {"listcomp", "setcomp", "dictcomp", "genexpr"}
_SHOWS = {"print", "display", "repr", "str", "format"}
_SUBCLASS_HOOKS = {"__init_subclass__", "__set_name__", "__class_getitem__", "__prepare__"}


@cache
def listed(key: str) -> frozenset[str]:
    """Return the names in the list ``key`` of ``name_lists.toml``."""
    text = resources.files("kernelwright.adopt").joinpath("name_lists.toml").read_text("utf-8")
    return frozenset(tomllib.loads(text)[key])


def uses(tree: ast.Module, table: symtable.SymbolTable) -> Uses:
    """Return the notebook's names that code uses, by how it uses them."""
    by_use: dict[Use, set[str]] = defaultdict(set)
    for use, name in [*_in_scopes(table), *(use for node in ast.walk(tree) for use in _in_node(node))]:
        by_use[use].add(name)
    return by_use


def _in_scopes(table: symtable.SymbolTable, *, is_run: bool = True) -> Iterator[tuple[Use, str]]:
    """Yield how a scope and the scopes inside it bind and read the notebook's names."""
    kind = table.get_type()
    # The body of a class and a comprehension run at once; a function runs when it is called.
    is_run = is_run and (kind != "function" or table.get_name().strip("<>") in _COMPREHENSIONS)
    for symbol in table.get_symbols():
        name, is_bound = symbol.get_name(), symbol.is_assigned() or symbol.is_imported()
        # In the body of a class, a name refers to the notebook's until the body binds it.
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
    """Yield the uses of names in a node that the symbol table does not show."""
    match node:
        case ast.NamedExpr(target=target):  # in a comprehension, it binds the name in the enclosing scope
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
    """Return the name at the left end of an expression: ``a`` for ``a.b[0].c()``. Empty if there is none."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def _inspected(node: ast.expr) -> str:
    """Return the name whose value, or all of whose attributes, an expression shows; empty if there is none."""
    match node:
        case ast.Call(func=ast.Name(id="vars" | "dir"), args=[ast.Name(id=name)]):
            return name
        case ast.Name(id=name) | ast.Attribute(value=ast.Name(id=name), attr="__dict__" | "__module__"):
            return name
    return ""


def unpredictable(nodes: Sequence[ast.AST]) -> Iterator[str]:
    """Yield the parts of code that may bind or look up any name, which only the run shows."""
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
            case ast.Constant(value=str(value)) if value.startswith("__main__."):  # a name of the notebook, as a text
                yield value


def _looked_up(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the harmless uses: ``globals()`` and ``locals()`` that are only read, and ``locals`` in a function."""
    match node:
        case (
            ast.Compare(ops=[ast.In() | ast.NotIn()], comparators=[ast.Call(func=ast.Name() as func)])
            | ast.Attribute(attr="get" | "keys" | "items", value=ast.Call(func=ast.Name() as func))
            | ast.Subscript(ctx=ast.Load(), value=ast.Call(func=ast.Name() as func))
        ):
            yield func
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
            yield from (part for part in ast.walk(node) if isinstance(part, ast.Name) and part.id == "locals")
