"""What the names of the code stand for: dotted names, through imports, aliases and ``self``. Nothing is run."""

import ast
import builtins
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from kernelwright.check.code.syntax import Script

UNNAMED = "?"
DEEPEST = 30
_SEVERAL = 20

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, kw_only=True, eq=False)
class Unit:
    """What runs as one: the body of a module, or that of a function, with the class it is a method of."""

    script: Script
    key: str
    node: Function | None = None
    outer: "Unit | None" = None
    owner: str = ""


@dataclass(frozen=True, eq=False, slots=True)
class Guard:
    """A condition that something stands under: a test that has to come out as ``wanted``, or only a reason to doubt."""

    outer: "Guard | None"
    unit: Unit
    reason: str
    test: ast.expr | None = None
    wanted: bool = True


class Site(NamedTuple):
    """A node, what it is a part of, and the condition it is under."""

    node: ast.expr | ast.stmt
    unit: Unit
    guard: Guard | None


class Binding(NamedTuple):
    """What a name is given: an expression, a parameter, a function or a class; None where that is not a single one."""

    node: ast.AST | None
    unit: Unit


class Names:
    """The names of all scripts together, filled by `reader.read`.

    Attributes
    ----------
    imports, stars : mapping
        Module -> local name -> dotted name, and module -> modules of which it imports all.
    units, bindings, sites : mapping
        By dotted name, by dotted name, and by the type of the node.
    stores : list
        Attributes and tables that are assigned to, resolved when all is read.
    said, called : set of int
        Nodes that are only said, as by ``print``; and those that are called.
    """

    def __init__(self, scripts: Sequence[Script]) -> None:
        self.scripts = {script.module: script for script in scripts}
        self.imports: dict[str, dict[str, str]] = {module: {} for module in self.scripts}
        self.stars: dict[str, list[str]] = {module: [] for module in self.scripts}
        self.units: dict[str, list[Unit]] = defaultdict(list)
        self.bindings: dict[str, Binding] = {}
        self.sites: dict[type, list[Site]] = defaultdict(list)
        self.stores: list[tuple[ast.expr, ast.expr | None, Unit]] = []
        self.said: set[int] = set()
        self.called: set[int] = set()
        self.resolved: dict[int, str] = {}

    def bind(self, key: str, node: ast.AST | None, unit: Unit) -> None:
        """Note what a name is given; one that is given twice has no single value."""
        self.bindings[key] = Binding(None if key in self.bindings else node, unit)

    def resolve(self, node: ast.AST, unit: Unit, depth: int = 0) -> str:
        """Return the dotted name of an expression: ``torch.hub.load``, ``pathlib.Path().open``."""
        if id(node) not in self.resolved:
            self.resolved[id(node)] = UNNAMED  # what leads back to itself has no name
            self.resolved[id(node)] = self._resolve(node, unit, depth) if depth < DEEPEST else UNNAMED
        return self.resolved[id(node)]

    def _resolve(self, node: ast.AST, unit: Unit, depth: int) -> str:
        match node:
            case ast.Name(id=name):
                return self._canonical(self.key(name, unit), depth)
            case ast.Attribute(value=value, attr=name):
                return self._canonical(f"{self.resolve(value, unit, depth + 1)}.{name}", depth)
            case ast.Call(func=func):
                name = self.resolve(func, unit, depth + 1)
                return name if self.is_class(name) else f"{name}()"
        return UNNAMED

    def is_class(self, name: str) -> bool:
        """Return whether a dotted name is a class of the project's own."""
        return name in self.bindings and isinstance(self.bindings[name].node, ast.ClassDef)

    def key(self, name: str, unit: Unit) -> str:
        """Return the dotted name under which a bare name is bound, as seen from a unit."""
        module, scope = unit.script.module, unit
        while scope.outer is not None:
            if f"{scope.key}.{name}" in self.bindings:
                return f"{scope.key}.{name}"
            scope = scope.outer
        if name in self.imports[module]:
            return self.imports[module][name]
        stars = self.stars[module]
        places = (f"{place}.{name}" for place in (module, *stars))
        foreign = next((f"{star}.{name}" for star in stars[::-1] if star not in self.scripts), name)
        return next((key for key in places if key in self.bindings), name if hasattr(builtins, name) else foreign)

    def _canonical(self, key: str, depth: int) -> str:
        """Follow aliases, ``self``, and what a module of ours imports from another."""
        binding = self.bindings.get(key)
        if binding and isinstance(binding.node, ast.Name | ast.Attribute | ast.Call):
            return self.resolve(binding.node, binding.unit, depth + 1)
        function = binding.unit.node if binding else None
        if binding and function and binding.unit.owner:
            is_self = binding.node in [*function.args.posonlyargs, *function.args.args][:1]
            return binding.unit.owner if is_self else key
        module, _, name = key.rpartition(".")
        is_passed_on = not binding and key not in self.scripts and name in self.imports.get(module, {})
        return self._canonical(self.imports[module][name], depth + 1) if is_passed_on and depth < DEEPEST else key

    @cached_property
    def calls(self) -> Mapping[str, list[tuple[ast.Call, Unit]]]:
        """The calls of each function and class, by the dotted name."""
        calls = defaultdict(list)
        for node, unit, _ in self.sites[ast.Call]:
            if isinstance(node, ast.Call):
                calls[self.resolve(node.func, unit)].append((node, unit))
        return calls

    def given(self, parameter: ast.arg, unit: Unit) -> list[tuple[ast.expr | None, Unit]]:
        """Return what each call gives a parameter: an expression, its default, or None where that cannot be told."""
        calls = self.calls.get(unit.key.removesuffix(".__init__"), [])
        if unit.node is None or len(calls) > _SEVERAL:
            return []
        arguments = unit.node.args
        positional = [word.arg for word in (*arguments.posonlyargs, *arguments.args)]
        defaults: dict[str, ast.expr | None] = dict(zip(positional[::-1], arguments.defaults[::-1], strict=False))
        defaults |= {word.arg: value for word, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)}
        names = positional[bool(unit.owner) :]
        at = names.index(parameter.arg) if parameter.arg in names else len(names)
        values: list[tuple[ast.expr | None, Unit]] = []
        for call, place in calls:
            keywords = {word.arg: word.value for word in call.keywords}
            if parameter.arg in keywords:
                values.append((keywords[parameter.arg], place))
            elif None in keywords or any(isinstance(part, ast.Starred) for part in call.args):
                values.append((None, place))
            elif at < min(len(names), len(call.args)):
                values.append((call.args[at], place))
            else:
                values.append((defaults.get(parameter.arg), unit.outer or unit))
        return values


def last_name(node: ast.AST) -> str:
    """Return the bare name of what is named, whatever it is an attribute of."""
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
