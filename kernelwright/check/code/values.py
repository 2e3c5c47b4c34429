"""Work out the dotted names and literal values of expressions, without running anything.

A value that only the run knows is `UNKNOWN`; a text that is partly unknown contains `UNKNOWN` at that place.
"""

import ast
import builtins
import operator
import posixpath
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any

from kernelwright.check.code.syntax import Script
from kernelwright.check.code.walk import Unit, Walk

UNNAMED = "?"
UNKNOWN = "\0"
SET = "\0set"
"""The value of an environment variable that Kaggle sets to something."""
EITHER = "\0either"
"""The value of a test that is true in one of Kaggle's two runs and false in the other: whether this is the rerun."""
TREE = "/<tree>"
"""Stands for the folder of the carried tree, which contains ``__file__``."""
_LONGEST = 500  # longer texts and lists are unknown
_SEVERAL = 20  # the parameters of a function with more calls are unknown
_KAGGLE = {"/kaggle", "/kaggle/input", "/kaggle/working"}
# Modules that code looks up in sys.modules -> whether Kaggle has them.
_MODULES = {"google.colab": False, "kaggle_secrets": True}
_RERUN = "kernelwright.runtime.phase.detect().computes"


def _parent(path: str) -> str:
    return UNKNOWN if UNKNOWN in path else posixpath.dirname(path)


def _same(value: object) -> object:
    return value


_OPERATORS: Mapping[type, Callable[[Any, Any], object]] = {
    ast.Subscript: operator.getitem,
    ast.Add: operator.add,
    ast.Div: posixpath.join,
    ast.Eq: operator.eq,
    ast.Is: operator.eq,
    ast.NotEq: operator.ne,
    ast.IsNot: operator.ne,
    ast.In: lambda item, container: item in container,
    ast.NotIn: lambda item, container: item not in container,
}
_FUNCTIONS: Mapping[str, Callable[..., object]] = {
    **dict.fromkeys(
        ("pathlib.Path", "pathlib.PosixPath", "pathlib.PurePath", "pathlib.PurePosixPath"),
        lambda *parts: posixpath.join(*parts) if parts else ".",
    ),
    **dict.fromkeys(("os.getcwd", "pathlib.Path.cwd"), lambda: "/kaggle/working"),
    **dict.fromkeys(("str", "bool", "os.fspath", "os.path.abspath", "os.path.realpath"), _same),
    **dict.fromkeys(("os.path.expanduser", "os.path.normpath"), _same),
    "os.path.join": posixpath.join,
    "os.path.dirname": _parent,
}
_METHODS: Mapping[str, Callable[..., object]] = {
    **dict.fromkeys(("absolute", "resolve", "expanduser", "as_posix"), _same),
    "joinpath": posixpath.join,
    "with_name": lambda path, name: posixpath.join(_parent(path), name),
}


class Values(Walk):
    """The walk over all scripts, with the names and values of expressions.

    ``prefix`` is removed from imported names: the folder of the tree in which the driver finds its modules, as a dotted
    name with a final dot.
    """

    def __init__(self, scripts: Iterable[Script], prefix: str) -> None:
        super().__init__(scripts)
        self._names: dict[ast.AST, str] = {}
        self._folded: dict[ast.AST, object] = {}
        for names in self.local_names.values():
            names.update((name, dotted.removeprefix(prefix)) for name, dotted in [*names.items()])
        for target, value in self.stores:
            self.bind(self.resolve(target), value)
        self._names.clear()  # these names were resolved before all stores were bound

    def resolve(self, node: ast.AST) -> str:
        """Return the dotted name of an expression, through imports, aliases and ``self``: ``pathlib.Path().open``."""
        if node not in self._names:
            self._names[node] = UNNAMED  # the result for a name that refers back to itself
            try:
                self._names[node] = self._resolve(node)
            except RecursionError:  # code may be nested deeper than Python's recursion limit
                return UNNAMED
        return self._names[node]

    def _resolve(self, node: ast.AST) -> str:
        match node:
            case ast.Name(id=name):
                return self._canonical(self._key(name, self.places[node].unit))
            case ast.Attribute(value=value, attr=name):
                return self._canonical(f"{self.resolve(value)}.{name}")
            case ast.Call(func=func):
                name = self.resolve(func)
                return name if self.is_class(name) else f"{name}()"
        return UNNAMED

    def is_class(self, name: str) -> bool:
        """Return whether a dotted name is a class that the project defines."""
        return isinstance(self.bindings.get(name), ast.ClassDef)

    def _key(self, name: str, unit: Unit) -> str:
        """Return the dotted name that a bare name in a unit refers to."""
        module, scope = unit.script.module, unit
        while scope.outer is not None:
            if f"{scope.key}.{name}" in self.bindings:
                return f"{scope.key}.{name}"
            scope = scope.outer
        if name in self.local_names[module]:
            return self.local_names[module][name]
        stars = self.stars[module]
        places = (f"{place}.{name}" for place in (module, *stars))
        # A name that is bound nowhere and is no builtin comes from the last `import *` of a library.
        foreign = next((f"{star}.{name}" for star in stars[::-1] if star not in self.scripts), name)
        return next((key for key in places if key in self.bindings), name if hasattr(builtins, name) else foreign)

    def _canonical(self, key: str) -> str:
        """Follow aliases, ``self``, and names that one of the project's modules imports from another."""
        node = self.bindings.get(key)
        if isinstance(node, ast.Name | ast.Attribute | ast.Call):
            return self.resolve(node)
        if isinstance(node, ast.arg):
            return self.parameters[node].unit.owner if self.parameters[node].position == -1 else key
        module, _, name = key.rpartition(".")
        is_passed_on = key not in self.bindings and key not in self.scripts and name in self.local_names.get(module, {})
        return self._canonical(self.local_names[module][name]) if is_passed_on else key

    def text(self, node: ast.AST | None) -> str:
        """Return the value of an expression that is a text; otherwise `UNKNOWN`."""
        value = self.fold(node) if node else UNKNOWN
        return value if isinstance(value, str) else UNKNOWN

    def truth(self, node: ast.expr) -> bool | None:
        """Return whether a test is true on Kaggle; None if only the run knows."""
        value = self.fold(node)
        return True if value == SET else bool(value) if is_known(value) else None

    def fold(self, node: ast.AST) -> object:
        """Return the value of an expression, as far as it is known."""
        if node not in self._folded:
            self._folded[node] = UNKNOWN  # the result for a value that depends on itself
            try:
                value = self._fold(node)
            # The code itself may be wrong, the operator may be in no table (KeyError), or the nesting too deep.
            except (TypeError, LookupError, RecursionError):
                value = UNKNOWN
            is_short = not isinstance(value, Sized) or len(value) <= _LONGEST
            self._folded[node] = value if is_short else UNKNOWN
        return self._folded[node]

    def _fold(self, node: ast.AST) -> object:  # noqa: C901, PLR0911, PLR0912 - one case per kind of node
        match node:
            case ast.Constant(value=value):
                return value
            case ast.JoinedStr(values=parts):
                return "".join(str(self.fold(part)) for part in parts)
            case ast.FormattedValue(value=value, format_spec=None):
                return self.fold(value)
            case ast.List(elts=parts) | ast.Tuple(elts=parts):
                return [self.fold(part) for part in parts]
            case ast.Dict(keys=keys, values=parts) if all(isinstance(key, ast.Constant) for key in keys):
                pairs = zip(filter(None, keys), parts, strict=True)
                return {self.fold(key): self.fold(part) for key, part in pairs}
            case ast.Subscript(value=table, slice=key):
                return _OPERATORS[ast.Subscript](self.fold(table), self.fold(key))
            case ast.BinOp(left=left, op=op, right=right):
                return _OPERATORS[type(op)](self.fold(left), self.fold(right))
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                truth = self.truth(operand)
                return not truth if truth is not None else self.fold(operand)
            case ast.BoolOp(op=op, values=parts):
                decisive, truths = isinstance(op, ast.Or), [self.truth(part) for part in parts]
                return decisive if decisive in truths else UNKNOWN if None in truths else not decisive
            case ast.IfExp(test=test, body=body, orelse=orelse):
                truth = self.truth(test)
                return UNKNOWN if truth is None else self.fold(body if truth else orelse)
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return self._compare(self.fold(left), op, right)
            case ast.Name(id=bare):
                unit = self.places[node].unit
                dotted = self._key(bare, unit)
                special = {"__file__": f"{TREE}/{unit.script.path}", "__name__": unit.script.module}
                return (
                    special[dotted] if dotted in special else dotted != "typing.TYPE_CHECKING" and self._bound(dotted)
                )
            case ast.Attribute():
                return self._attribute(node)
            case ast.Call():
                return self._called(node)
        return UNKNOWN

    def _compare(self, left: object, op: ast.cmpop, other: ast.expr) -> object:
        right, place = self.fold(other), self.resolve(other)
        # `"KAGGLE_…" in os.environ`: the variable of the rerun is set in the rerun alone, the others in both runs.
        if place == "os.environ" and isinstance(left, str) and left.startswith("KAGGLE_"):
            right = EITHER if "RERUN" in left else [left]
        elif place == "sys.modules" and left in _MODULES:
            right = [left] if _MODULES[left] else []
        if EITHER in (left, right):
            return EITHER
        if SET in (left, right) and None in (left, right):  # `os.environ.get(…) is not None`
            return isinstance(op, ast.NotEq | ast.IsNot)
        return _OPERATORS[type(op)](left, right) if is_known([left, right]) else UNKNOWN

    def _attribute(self, node: ast.Attribute) -> object:
        base = self.resolve(node.value)
        key = f"{base}.{node.attr}"
        if key == _RERUN:
            return EITHER
        if self._is_set_up(node.value):
            return UNKNOWN
        if key not in self.bindings and node.attr in {"parent", "name", "stem", "suffix"}:
            path = self.text(node.value)
            return UNKNOWN if UNKNOWN in path else str(getattr(PurePosixPath(path), node.attr))
        module, _, name = key.rpartition(".")
        return self._bound(key if key in self.bindings else self.local_names.get(module, {}).get(name, key))

    def _is_set_up(self, node: ast.expr) -> bool:
        """Return whether an object is made by calling one of the project's classes with arguments.

        The arguments may override the values of the class body.
        """
        key = self._key(node.id, self.places[node].unit) if isinstance(node, ast.Name) else ""
        value = self.bindings.get(key, node)
        has_arguments = isinstance(value, ast.Call) and bool(value.args or value.keywords)
        return has_arguments and self.is_class(self.resolve(node))

    def _bound(self, key: str) -> object:
        node = self.bindings.get(key)
        if isinstance(node, ast.arg):
            values = [self.fold(given) if given else UNKNOWN for given in self._given(node)]
            return values[0] if values and all(value == values[0] for value in values) else UNKNOWN
        return self.fold(node) if isinstance(node, ast.expr) else UNKNOWN

    def _given(self, node: ast.arg) -> Iterator[ast.expr | None]:
        """Yield the argument that each call of a function passes for a parameter; None if that is unknown."""
        unit, position, default = self.parameters[node]
        calls = self.calls_by_name.get(unit.key.removesuffix(".__init__"), [])
        for call in calls if len(calls) <= _SEVERAL else ():
            words = {word.arg: word.value for word in call.keywords}
            if node.arg in words:
                yield words[node.arg]
            elif None in words or any(isinstance(part, ast.Starred) for part in call.args):
                yield None
            else:
                yield call.args[position] if position is not None and position < len(call.args) else default

    @cached_property
    def calls_by_name(self) -> Mapping[str, list[ast.Call]]:
        """Dotted name -> all calls of it, including calls that never run."""
        calls = defaultdict(list)
        for node in self.nodes[ast.Call]:
            if isinstance(node, ast.Call):
                calls[self.resolve(node.func)].append(node)
        return calls

    def _called(self, node: ast.Call) -> object:
        name = self.resolve(node.func)
        values, method = [self.fold(part) for part in node.args], name.rpartition(".")[2]
        base = self.fold(node.func.value) if isinstance(node.func, ast.Attribute) else UNKNOWN
        if method in {"exists", "isdir", "is_dir"}:
            return True if {str(value) for value in (base, *values)} & _KAGGLE else UNKNOWN
        if name in {"os.environ.get", "os.getenv"} and str(values[0]).startswith("KAGGLE_"):
            return EITHER if "RERUN" in str(values[0]) else SET
        if name in _FUNCTIONS:
            return _FUNCTIONS[name](*values)
        return _METHODS[method](base, *values) if isinstance(base, str) and base != UNKNOWN else UNKNOWN


def is_known(value: object) -> bool:
    """Return whether a value is completely known."""
    if isinstance(value, list | dict):
        return all(map(is_known, value.values() if isinstance(value, dict) else value))
    return not isinstance(value, str) or UNKNOWN not in value
