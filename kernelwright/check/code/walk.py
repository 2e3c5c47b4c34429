"""Walk each script's syntax tree once and record the place of every node and the value bound to each name."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from kernelwright.check.code.syntax import Script

DEAD = "it never runs"
TRY = "it is under a try, which goes on without it"
NOT_CALLED = "nothing that certainly runs calls its function by name"
BRANCH = "it hangs on a condition that only the run decides"
# The reasons above are texts of messages: "only a warning: REASON".
_OF_INTEREST = {ast.Call, ast.Subscript, ast.Name, ast.Constant, ast.JoinedStr}
_SKIPPED = {"annotation", "returns", "type_comment", "type_params"}
# Functions that only show their arguments to a reader, or use them as a default (getenv).
_SHOWING = re.compile(
    r"getenv|print|debug|info|warn(ing)?|error|exception|critical|log|display|Markdown|HTML|\w*(Error|Exception)"
)

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, kw_only=True, eq=False)
class Unit:
    """The body of a module or of a function, with its dotted name ``key``.

    For a function, ``outer`` is the unit that contains it. For a method, ``owner`` is the dotted name of its class.
    """

    script: Script
    key: str
    node: Function | None = None
    outer: "Unit | None" = None
    owner: str = ""


class Place(NamedTuple):
    """Where a node is: its parent, the parent's field that contains it, and its unit."""

    parent: ast.AST
    field: str
    unit: Unit


class Parameter(NamedTuple):
    """A function's parameter.

    ``position`` is its index among the positional arguments of a call: -1 for ``self``, None if it is keyword-only.
    """

    unit: Unit
    position: int | None
    default: ast.expr | None


class Imported(NamedTuple):
    """An import statement: the modules it needs, and the dotted names it may import (modules or their members)."""

    modules: list[str]
    names: list[str]


class Condition(NamedTuple):
    """A condition for a node to run: ``test`` must evaluate to ``wanted``. Without a test, the outcome is unknown.

    ``reason`` says why the node may not run; with `DEAD`, it never does.
    """

    reason: str
    test: ast.expr | None = None
    wanted: bool = True


class Walk:
    """All scripts, with what one walk over them records.

    Attributes
    ----------
    places : mapping
        Node -> its place.
    nodes : mapping
        Type -> the nodes of that type, in the order of the text, for the types that checks look at.
    local_names : mapping
        Module -> local name -> dotted name of what it imports.
    stars : mapping
        Module -> modules from which it imports ``*``.
    imported : mapping
        Import statement -> what it imports.
    units : mapping
        Dotted name -> the units with that name.
    bindings : mapping
        Dotted name -> what is bound to it: an expression, parameter, function or class; None if it is bound more than
        once, or to something else.
    parameters : mapping
        Parameter -> its function, position and default.
    stores : list
        Attributes and tables that are assigned to or changed, with the value (None if unknown). Their names are
        resolved after all scripts are read.
    """

    def __init__(self, scripts: Iterable[Script]) -> None:
        self.scripts = {script.module: script for script in scripts}
        self.places: dict[ast.AST, Place] = {}
        self.nodes: dict[type, list[ast.expr]] = defaultdict(list)
        self.local_names: dict[str, dict[str, str]] = {module: {} for module in self.scripts}
        self.stars: dict[str, list[str]] = {module: [] for module in self.scripts}
        self.imported: dict[ast.expr | ast.stmt, Imported] = {}
        self.units: dict[str, list[Unit]] = defaultdict(list)
        self.bindings: dict[str, ast.AST | None] = {}
        self.parameters: dict[ast.AST, Parameter] = {}
        self.stores: list[tuple[ast.expr, ast.expr | None]] = []
        self._left: dict[tuple[ast.AST, str], list[tuple[int, Condition]]] = {}
        for script in self.scripts.values():
            self._read(script)

    def bind(self, key: str, node: ast.AST | None) -> None:
        """Bind a name to a node, or to None if it is already bound: then it has no single value."""
        self.bindings[key] = None if key in self.bindings else node

    def script(self, node: ast.AST) -> Script:
        """Return the script that contains a node."""
        return self.places[node].unit.script

    def _read(self, script: Script) -> None:
        module = Unit(script=script, key=script.module)
        self.units[module.key].append(module)
        # An explicit stack, because code may be nested deeper than Python's recursion limit.
        waiting: list[tuple[ast.AST, Unit, str]] = [(script.tree, module, module.key)]
        while waiting:
            node, unit, scope = waiting.pop()
            if isinstance(node, ast.expr) and type(node) in _OF_INTEREST:
                self.nodes[type(node)].append(node)
            inside = self._note(node, unit, scope)
            if isinstance(node, ast.Constant | ast.Name):  # for speed: most nodes are one of these and have no parts
                continue
            parts = [(name, part) for name in node._fields if name not in _SKIPPED for part in _parts(node, name)]
            for name, part in reversed(parts):  # the stack returns them in the order of the text
                within, prefix = inside if name == "body" else (unit, scope)
                self.places[part] = Place(node, name, within)
                waiting.append((part, within, prefix))

    def _note(self, node: ast.AST, unit: Unit, scope: str) -> tuple[Unit, str]:
        """Record what a node binds; return the unit and the prefix of dotted names for the nodes in its body."""
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                return self._function(node, unit, scope)
            case ast.ClassDef(name=name):
                self.bind(f"{scope}.{name}", node)
                return unit, f"{scope}.{name}"
            case ast.Import() | ast.ImportFrom():
                self._import(node, unit.script)
            case ast.Global(names=names):
                for name in names:  # any call of the function may rebind it
                    self.bind(f"{unit.script.module}.{name}", None)
            case ast.Name() | ast.Attribute() | ast.Subscript() if not isinstance(node.ctx, ast.Load):
                self._store(node, scope)
            case (
                ast.ExceptHandler(name=str(name))
                | ast.MatchAs(name=str(name))
                | ast.MatchStar(name=str(name))
                | ast.MatchMapping(rest=str(name))
            ):
                self.bind(f"{scope}.{name}", None)
            case ast.Call(func=ast.Attribute(value=table, attr="update" | "setdefault")):  # changes the table in place
                self.stores.append((table, None))
        return unit, scope

    def _function(self, node: Function, outer: Unit, scope: str) -> tuple[Unit, str]:
        owner = "" if scope == outer.key else scope  # only a class makes the prefix longer than the unit's name
        passes_self = bool(owner) and "staticmethod" not in map(last_name, node.decorator_list)
        unit = Unit(script=outer.script, key=f"{scope}.{node.name}", node=node, outer=outer, owner=owner)
        self.bind(unit.key, node)
        self.units[unit.key].append(unit)
        positional = [*node.args.posonlyargs, *node.args.args]
        without = [None] * (len(positional) - len(node.args.defaults))
        defaults = [*without, *node.args.defaults, *node.args.kw_defaults]
        for at, parameter in enumerate([*positional, *node.args.kwonlyargs]):
            self.bind(f"{unit.key}.{parameter.arg}", parameter)
            position = at - passes_self if at < len(positional) else None  # a call does not write self
            self.parameters[parameter] = Parameter(unit, position, defaults[at])
        for parameter in filter(None, (node.args.vararg, node.args.kwarg)):
            self.bind(f"{unit.key}.{parameter.arg}", None)
        return unit, unit.key

    def _import(self, node: ast.Import | ast.ImportFrom, script: Script) -> None:
        local = self.local_names[script.module]
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
            self.imported[node] = Imported(names, names)
            for alias in node.names:
                name = alias.name if alias.asname else alias.name.partition(".")[0]  # `import a.b` binds a
                local.setdefault(alias.asname or name, name)
            return
        base = _origin(node, script)
        self.imported[node] = Imported([base], [f"{base}.{alias.name}" for alias in node.names])
        for alias in node.names:
            if alias.name == "*":
                self.stars[script.module].append(base)
            else:
                local.setdefault(alias.asname or alias.name, f"{base}.{alias.name}")

    def _store(self, target: ast.Name | ast.Attribute | ast.Subscript, scope: str) -> None:
        parent = self.places[target].parent
        value = parent.value if isinstance(parent, ast.Assign | ast.AnnAssign | ast.NamedExpr) else None
        if isinstance(parent, ast.AnnAssign) and value is None:  # `name: type` binds nothing
            return
        if isinstance(target, ast.Name):
            self.bind(f"{scope}.{target.id}", value)
        else:  # after `table[key] = value`, nothing is known of the table
            self.stores.append((target, value) if isinstance(target, ast.Attribute) else (target.value, None))

    def conditions(self, node: ast.AST) -> Iterator[Condition]:
        """Yield the conditions for a node to run in its unit, the innermost first."""
        unit = self.places[node].unit
        while node is not (unit.node or unit.script.tree):
            parent, name, _ = self.places[node]
            if isinstance(node, ast.stmt):
                yield from self._before(node, parent, name)
            match parent:
                case ast.If(test=test) | ast.IfExp(test=test) if name != "test":
                    yield Condition(BRANCH, test, name == "body")
                case ast.BoolOp(op=op, values=[first, *_]) if node is not first:
                    yield Condition(BRANCH, first, isinstance(op, ast.And))
                case ast.match_case() if name == "body":
                    yield Condition(BRANCH)
                case ast.Try(handlers=[_, *_]) | ast.TryStar() if name != "finalbody":
                    yield Condition(TRY)
                case ast.With(items=items) if any(last_name(item.context_expr) == "suppress" for item in items):
                    yield Condition(TRY)
                case ast.Lambda() if name == "body":
                    yield Condition(NOT_CALLED)
            node = parent

    def _before(self, node: ast.stmt, parent: ast.AST, name: str) -> Iterator[Condition]:
        """Yield the conditions for a node to be reached from the start of its block, the nearest first.

        They come from earlier statements that may leave the block, such as ``return``.
        """
        block = getattr(parent, name)
        if (parent, name) not in self._left:
            in_function = self.places[node].unit.node is not None
            conditions = ((at, _leaves(statement, in_function=in_function)) for at, statement in enumerate(block))
            self._left[parent, name] = [(at, condition) for at, condition in conditions if condition]
        left = self._left[parent, name]
        index = block.index(node) if left else 0
        yield from (condition for at, condition in reversed(left) if at < index)

    def is_shown(self, node: ast.AST) -> bool:
        """Return whether a text is only shown to a reader, or is a default for an environment variable."""
        if isinstance(self.places[node].parent, ast.Expr):
            return True
        while isinstance(node, ast.expr | ast.keyword | ast.comprehension):
            parent, name, _ = self.places[node]
            match parent:
                case ast.JoinedStr() | ast.keyword(arg="help"):  # an f-string is examined as a whole, not in parts
                    return True
                case ast.Assert() if name == "msg":
                    return True
                case ast.Call(func=ast.Attribute(value=base)) if name == "args" and last_name(base) == "environ":
                    return True
                case ast.Call(func=func) if name == "args" and _SHOWING.fullmatch(last_name(func)):
                    return True
            node = parent
        return False


def _parts(node: ast.AST, name: str) -> list[ast.AST]:
    value = getattr(node, name, None)
    parts = value if isinstance(value, list) else [value]
    # Operators and contexts have no fields; `_function` records parameters.
    return [part for part in parts if isinstance(part, ast.AST) and part._fields and not isinstance(part, ast.arg)]


def _leaves(statement: ast.stmt, *, in_function: bool) -> Condition | None:
    """Return the condition that a statement puts on those that follow it in its block; None if they always run."""
    jump = ast.Return | ast.Continue | ast.Break
    if isinstance(statement, jump | ast.Raise):
        return Condition(DEAD)
    if isinstance(statement, ast.If) and not statement.orelse and isinstance(statement.body[-1], jump):
        return Condition(BRANCH, statement.test, wanted=False)
    if in_function and isinstance(statement, ast.If | ast.For | ast.While | ast.With | ast.Try | ast.Match):
        return Condition(BRANCH) if any(isinstance(part, ast.Return) for part in ast.walk(statement)) else None
    return None


def last_name(node: ast.AST) -> str:
    """Return the last part of the dotted name of a node or of what it calls: ``c`` for ``a.b.c()``."""
    node = node.func if isinstance(node, ast.Call) else node
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _origin(node: ast.ImportFrom, script: Script) -> str:
    """Return the absolute name of the module that ``from … import`` names."""
    if not node.level:
        return node.module or ""
    parts = script.module.split(".")
    base = parts[: len(parts) - node.level + script.path.endswith("__init__.py")]
    return ".".join([*base, node.module] if node.module else base)
