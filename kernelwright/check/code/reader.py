"""Syntax trees -> names: what each statement binds, and every node of interest with the condition it stands under."""

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from kernelwright.check.code.names import Function, Guard, Names, Site, Unit, last_name
from kernelwright.check.code.syntax import Script

DEAD = "it never runs"
TRY = "it is under a try, which goes on without it"
NOT_CALLED = "nothing that certainly runs calls its function by name"
_BRANCH = "it hangs on a condition that only the run decides"
_SAID_BY = re.compile(
    r"print|debug|info|warn(ing)?|error|exception|critical|log|display|Markdown|HTML|\w*(Error|Exception)"
)
_OF_INTEREST = {ast.Call, ast.Import, ast.ImportFrom, ast.Subscript, ast.Constant, ast.JoinedStr, ast.Name}
_JUMP = {ast.Return, ast.Continue, ast.Break}
_END = {*_JUMP, ast.Raise}
_COMPOUND = {ast.If, ast.For, ast.While, ast.With, ast.Try, ast.Match}


class At(NamedTuple):
    """Where the reader is: in a unit, under which dotted prefix names are bound, under which condition."""

    unit: Unit
    scope: str
    guard: Guard | None = None

    def under(self, reason: str, test: ast.expr | None = None, *, wanted: bool = True) -> "At":
        """Return the place under a further condition."""
        return self._replace(guard=Guard(self.guard, self.unit, reason, test, wanted))


Parts = Iterator[tuple[ast.AST, At]]


def read(script: Script, names: Names) -> None:
    """Read one script into the names; by a stack of its own, as code may be nested deeper than Python's goes."""
    unit = Unit(script=script, key=script.module)
    names.units[script.module].append(unit)
    reader = _Reader(names)
    waiting = list(reader.block(script.tree.body, At(unit, unit.key)))[::-1]
    while waiting:
        node, at = waiting.pop()
        if isinstance(node, ast.expr | ast.stmt) and type(node) in _OF_INTEREST:
            names.sites[type(node)].append(Site(node, at.unit, at.guard))
        if not isinstance(node, ast.Constant) and not (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)):
            waiting += [*reader.parts(node, at)][::-1]  # those two are most of a tree, and have none


class _Reader:
    def __init__(self, names: Names) -> None:
        self.names = names
        self.methods: dict[type, Callable[[ast.AST, At], Parts]] = {}

    def parts(self, node: ast.AST, at: At) -> Parts:
        """Return what is in a node, by the method for its type where there is one."""
        kind = type(node)
        if kind not in self.methods:
            self.methods[kind] = getattr(self, f"_read_{kind.__name__.lower()}", self.children)
        return self.methods[kind](node, at)

    def children(self, node: ast.AST, at: At) -> Parts:
        for name in node._fields:
            value = getattr(node, name, None)
            if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
                yield from self.block(value, at)
                continue
            for part in value if isinstance(value, list) else (value,):
                if isinstance(part, ast.AST) and part._fields:  # an operator or a context has none
                    yield part, at

    def block(self, body: Sequence[ast.stmt], at: At) -> Parts:
        """Yield statements, each under the condition that those before it leave it under."""
        for node in body:
            yield node, at
            if type(node) in _END:
                at = at.under(DEAD)
            elif isinstance(node, ast.If) and not node.orelse and type(node.body[-1]) in _JUMP:
                at = at.under(_BRANCH, node.test, wanted=False)
            elif at.unit.node and type(node) in _COMPOUND:
                returns = any(isinstance(part, ast.Return) for part in ast.walk(node))
                at = at.under(_BRANCH) if returns else at

    # --- what stands under a condition

    def _read_functiondef(self, node: Function, at: At) -> Parts:
        yield from _each([*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults)], at)
        owner = "" if at.scope == at.unit.key else at.scope
        unit = Unit(script=at.unit.script, key=f"{at.scope}.{node.name}", node=node, outer=at.unit, owner=owner)
        self.names.bind(unit.key, node, at.unit)
        self.names.units[unit.key].append(unit)
        for word in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs):
            self.names.bind(f"{unit.key}.{word.arg}", word, unit)
        yield from self.block(node.body, At(unit, unit.key))

    _read_asyncfunctiondef = _read_functiondef

    def _read_classdef(self, node: ast.ClassDef, at: At) -> Parts:
        yield from _each([*node.bases, *node.decorator_list], at)
        self.names.bind(f"{at.scope}.{node.name}", node, at.unit)
        yield from self.block(node.body, at._replace(scope=f"{at.scope}.{node.name}"))

    def _read_if(self, node: ast.If, at: At) -> Parts:
        yield node.test, at
        yield from self.block(node.body, at.under(_BRANCH, node.test))
        yield from self.block(node.orelse, at.under(_BRANCH, node.test, wanted=False))

    def _read_try(self, node: ast.Try, at: At) -> Parts:
        tried = at.under(TRY) if node.handlers else at
        yield from self.block([*node.body, *node.orelse], tried)
        yield from _each(node.handlers, tried)
        yield from self.block(node.finalbody, at)

    _read_trystar = _read_try

    def _read_with(self, node: ast.With, at: At) -> Parts:
        opened = [item.context_expr for item in node.items]
        suppressed = any(isinstance(call, ast.Call) and last_name(call.func) == "suppress" for call in opened)
        yield from self.children(node, at.under(TRY) if suppressed else at)

    def _read_match_case(self, node: ast.match_case, at: At) -> Parts:
        yield from self.block(node.body, at.under(_BRANCH))

    def _read_ifexp(self, node: ast.IfExp, at: At) -> Parts:
        yield from [(node.test, at), (node.body, at.under(_BRANCH, node.test))]
        yield node.orelse, at.under(_BRANCH, node.test, wanted=False)

    def _read_boolop(self, node: ast.BoolOp, at: At) -> Parts:
        yield node.values[0], at
        yield from _each(node.values[1:], at.under(_BRANCH, node.values[0], wanted=isinstance(node.op, ast.And)))

    def _read_lambda(self, node: ast.Lambda, at: At) -> Parts:
        yield node.body, at.under(NOT_CALLED)

    # --- what binds a name

    def _read_import(self, node: ast.Import, at: At) -> Parts:
        for alias in node.names:
            name = alias.name if alias.asname else alias.name.partition(".")[0]
            self.names.imports[at.unit.script.module].setdefault(alias.asname or name, name)
        yield from ()

    def _read_importfrom(self, node: ast.ImportFrom, at: At) -> Parts:
        script, base = at.unit.script, origin(node, at.unit.script)
        for alias in node.names:
            if alias.name == "*":
                self.names.stars[script.module].append(base)
            else:
                self.names.imports[script.module].setdefault(alias.asname or alias.name, f"{base}.{alias.name}")
        yield from ()

    def _read_assign(self, node: ast.Assign, at: At) -> Parts:
        for target in node.targets:
            yield from self._store(target, node.value, at)
        yield node.value, at

    def _read_annassign(self, node: ast.AnnAssign | ast.NamedExpr | ast.AugAssign, at: At) -> Parts:
        if node.value:
            yield from self._store(node.target, None if isinstance(node, ast.AugAssign) else node.value, at)
            yield node.value, at

    _read_namedexpr = _read_augassign = _read_annassign

    def _store(self, target: ast.expr, value: ast.expr | None, at: At) -> Parts:
        if isinstance(target, ast.Name):
            self.names.bind(f"{at.scope}.{target.id}", value, at.unit)
        elif isinstance(target, ast.Attribute | ast.Subscript):
            place = target.value if isinstance(target, ast.Subscript) else target
            self.names.stores.append((place, value if place is target else None, at.unit))
            yield from self.children(target, at)
        else:
            yield target, at

    def _read_name(self, node: ast.Name, at: At) -> Parts:
        if not isinstance(node.ctx, ast.Load):
            self.names.bind(f"{at.scope}.{node.id}", None, at.unit)
        yield from ()

    def _read_global(self, node: ast.Global, at: At) -> Parts:
        for name in node.names:
            self.names.bind(f"{at.unit.script.module}.{name}", None, at.unit)
        yield from ()

    # --- what is printed, and what is called

    def _read_expr(self, node: ast.Expr, at: At) -> Parts:
        if not isinstance(node.value, ast.Constant):  # a docstring, or a text that stands for a comment
            yield node.value, at

    def _read_joinedstr(self, node: ast.JoinedStr, at: At) -> Parts:
        yield from _each([part for part in node.values if isinstance(part, ast.FormattedValue)], at)

    def _read_call(self, node: ast.Call, at: At) -> Parts:
        func = node.func
        base = func.value if isinstance(func, ast.Attribute) else None
        if base and last_name(func) in {"update", "setdefault"}:
            self.names.stores.append((base, None, at.unit))
        is_fallback = last_name(func) == "getenv" or (base and last_name(base) == "environ")
        if is_fallback or _SAID_BY.fullmatch(last_name(func)):
            self._note_printed(node.args)
        self._note_printed(word.value for word in node.keywords if word.arg == "help")
        yield from self.children(node, at)

    def _read_assert(self, node: ast.Assert, at: At) -> Parts:
        self._note_printed([node.msg] if node.msg else [])
        yield from self.children(node, at)

    def _note_printed(self, nodes: Iterable[ast.expr]) -> None:
        self.names.printed.update(part for node in nodes for part in ast.walk(node))


def _each(nodes: Iterable[ast.AST], at: At) -> Parts:
    yield from ((node, at) for node in nodes)


def origin(node: ast.ImportFrom, script: Script) -> str:
    """Return the absolute name of the module that an import is from."""
    if not node.level:
        return node.module or ""
    parts = script.module.split(".")
    base = parts[: len(parts) - node.level + script.path.endswith("__init__.py")]
    return ".".join([*base, node.module] if node.module else base)
