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
    printed : set of ast.AST
        Nodes that are only shown to a reader, as by ``print``.
    """

    def __init__(self, scripts: Sequence[Script]) -> None:
        self.scripts = {script.module: script for script in scripts}
        self.imports: dict[str, dict[str, str]] = {module: {} for module in self.scripts}
        self.stars: dict[str, list[str]] = {module: [] for module in self.scripts}
        self.units: dict[str, list[Unit]] = defaultdict(list)
        self.bindings: dict[str, Binding] = {}
        self.sites: dict[type, list[Site]] = defaultdict(list)
        self.stores: list[tuple[ast.expr, ast.expr | None, Unit]] = []
        self.printed: set[ast.AST] = set()
        self.resolved: dict[ast.AST, str] = {}

    def bind(self, key: str, node: ast.AST | None, unit: Unit) -> None:
        """Note what a name is given; one that is given twice has no single value."""
        self.bindings[key] = Binding(None if key in self.bindings else node, unit)

    def resolve(self, node: ast.AST, unit: Unit) -> str:
        """Return the dotted name of an expression: ``torch.hub.load``, ``pathlib.Path().open``."""
        if node not in self.resolved:
            self.resolved[node] = UNNAMED  # what leads back to itself has no name
            try:
                self.resolved[node] = self._resolve(node, unit)
            except RecursionError:  # code may be nested deeper than Python goes
                return UNNAMED
        return self.resolved[node]

    def _resolve(self, node: ast.AST, unit: Unit) -> str:
        match node:
            case ast.Name(id=name):
                return self._canonical(self.key(name, unit))
            case ast.Attribute(value=value, attr=name):
                return self._canonical(f"{self.resolve(value, unit)}.{name}")
            case ast.Call(func=func):
                name = self.resolve(func, unit)
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

    def _canonical(self, key: str) -> str:
        """Follow aliases, ``self``, and what a module of ours imports from another."""
        binding = self.bindings.get(key)
        if binding and isinstance(binding.node, ast.Name | ast.Attribute | ast.Call):
            return self.resolve(binding.node, binding.unit)
        function = binding.unit.node if binding else None
        if binding and function and binding.unit.owner:
            is_self = binding.node in [*function.args.posonlyargs, *function.args.args][:1]
            return binding.unit.owner if is_self else key
        module, _, name = key.rpartition(".")
        is_passed_on = not binding and key not in self.scripts and name in self.imports.get(module, {})
        return self._canonical(self.imports[module][name]) if is_passed_on else key

    @cached_property
    def calls_by_name(self) -> Mapping[str, list[tuple[ast.Call, Unit]]]:
        """The calls of each function and class, by the dotted name."""
        calls = defaultdict(list)
        for node, unit, _ in self.sites[ast.Call]:
            if isinstance(node, ast.Call):
                calls[self.resolve(node.func, unit)].append((node, unit))
        return calls

    def given(self, parameter: ast.arg, unit: Unit) -> list[tuple[ast.expr | None, Unit]]:
        """Return what each call gives a parameter: an expression, its default, or None where that cannot be told."""
        calls = self.calls_by_name.get(unit.key.removesuffix(".__init__"), [])
        if unit.node is None or len(calls) > _SEVERAL:
            return []
        arguments = unit.node.args
        positional = [*arguments.posonlyargs, *arguments.args]
        defaults = dict[ast.arg, ast.expr | None](zip(positional[::-1], arguments.defaults[::-1], strict=False))
        defaults |= dict(zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True))
        at = positional.index(parameter) - bool(unit.owner) if parameter in positional else len(positional)
        values: list[tuple[ast.expr | None, Unit]] = []
        for call, place in calls:
            keywords = {word.arg: word.value for word in call.keywords}
            if parameter.arg in keywords:
                values.append((keywords[parameter.arg], place))
            elif None in keywords or any(isinstance(part, ast.Starred) for part in call.args):
                values.append((None, place))
            else:
                values.append((call.args[at], place) if at < len(call.args) else (defaults.get(parameter), unit))
        return values


def last_name(node: ast.AST) -> str:
    """Return the bare name of what is named, whatever it is an attribute of."""
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
