"""Values of the code's expressions: literals, constants, paths, the arguments that all calls of a function agree on.

What only the run knows is `UNKNOWN`, and so is that part of a text.
"""

import ast
import operator
import posixpath
from collections.abc import Callable, Mapping, Sequence, Sized
from pathlib import PurePosixPath
from typing import Any

from kernelwright.check.code.names import Names, Unit
from kernelwright.check.code.syntax import Script

UNKNOWN = "\0"
SET = "\0set"
"""A variable of the environment that is set on Kaggle, to something."""
EITHER = "\0either"
"""A test that comes out both ways, each in one of Kaggle's two runs: whether this is the rerun."""
TREE = "/<tree>"
"""Stands for the folder of the carried tree, in which ``__file__`` lies."""
_LONGEST = 500
_KAGGLE = {"/kaggle", "/kaggle/input", "/kaggle/working"}
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


class Values(Names):
    """Names, with the values that they hold."""

    def __init__(self, scripts: Sequence[Script]) -> None:
        super().__init__(scripts)
        self._folded: dict[ast.AST, object] = {}

    def text(self, node: ast.AST | None, unit: Unit) -> str:
        """Return the text of an expression, `UNKNOWN` for anything else."""
        value = self.fold(node, unit) if node else UNKNOWN
        return value if isinstance(value, str) else UNKNOWN

    def truth(self, node: ast.expr, unit: Unit) -> bool | None:
        """Return how a test comes out on Kaggle, None where only the run knows."""
        value = self.fold(node, unit)
        return True if value == SET else bool(value) if is_known(value) else None

    def fold(self, node: ast.AST, unit: Unit) -> object:
        """Return the value of an expression."""
        if node not in self._folded:
            self._folded[node] = UNKNOWN  # what leads back to itself has no value
            try:
                value = self._fold(node, unit)
            except (TypeError, LookupError, RecursionError):  # an error of the code's own, or nested too deep
                value = UNKNOWN
            is_short = not isinstance(value, Sized) or len(value) <= _LONGEST
            self._folded[node] = value if is_short else UNKNOWN
        return self._folded[node]

    def _fold(self, node: ast.AST, unit: Unit) -> object:  # noqa: C901, PLR0911, PLR0912 - one case per kind of node
        match node:
            case ast.Constant(value=value):
                return value
            case ast.JoinedStr(values=parts):
                return "".join(str(self.fold(part, unit)) for part in parts)
            case ast.FormattedValue(value=value, format_spec=None):
                return self.fold(value, unit)
            case ast.List(elts=parts) | ast.Tuple(elts=parts):
                return [self.fold(part, unit) for part in parts]
            case ast.Dict(keys=keys, values=parts) if all(isinstance(key, ast.Constant) for key in keys):
                pairs = zip(filter(None, keys), parts, strict=True)
                return {self.fold(key, unit): self.fold(part, unit) for key, part in pairs}
            case ast.Subscript(value=table, slice=key):
                return _OPERATORS[ast.Subscript](self.fold(table, unit), self.fold(key, unit))
            case ast.BinOp(left=left, op=op, right=right):
                return _OPERATORS[type(op)](self.fold(left, unit), self.fold(right, unit))
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                truth = self.truth(operand, unit)
                return not truth if truth is not None else self.fold(operand, unit)
            case ast.BoolOp(op=op, values=parts):
                decisive, truths = isinstance(op, ast.Or), [self.truth(part, unit) for part in parts]
                return decisive if decisive in truths else UNKNOWN if None in truths else not decisive
            case ast.IfExp(test=test, body=body, orelse=orelse):
                truth = self.truth(test, unit)
                return UNKNOWN if truth is None else self.fold(body if truth else orelse, unit)
            case ast.Compare(ops=[op], comparators=[right]):
                return self._compare(node, op, right, unit)
            case ast.Name() | ast.Attribute():
                return self._named(node, unit)
            case ast.Call():
                return self._called(node, unit)
        return UNKNOWN

    def _compare(self, node: ast.Compare, op: ast.cmpop, other: ast.expr, unit: Unit) -> object:
        left, right, place = self.fold(node.left, unit), self.fold(other, unit), self.resolve(other, unit)
        if place == "os.environ" and isinstance(left, str) and left.startswith("KAGGLE_"):
            right = EITHER if "RERUN" in left else [left]
        elif place == "sys.modules" and left in _MODULES:
            right = [left] if _MODULES[left] else []
        if EITHER in (left, right):
            return EITHER
        if SET in (left, right) and None in (left, right):
            return isinstance(op, ast.NotEq | ast.IsNot)
        return _OPERATORS[type(op)](left, right) if is_known([left, right]) else UNKNOWN

    def _named(self, node: ast.Name | ast.Attribute, unit: Unit) -> object:
        if isinstance(node, ast.Name):
            key = self.key(node.id, unit)
            special = {"__file__": f"{TREE}/{unit.script.path}", "__name__": unit.script.module}
            return special[key] if key in special else key != "typing.TYPE_CHECKING" and self._bound(key)
        key = f"{self.resolve(node.value, unit)}.{node.attr}"
        if key == _RERUN:
            return EITHER
        if self._is_set_up(node.value, unit):
            return UNKNOWN
        if key not in self.bindings and node.attr in {"parent", "name", "stem", "suffix"}:
            path = self.text(node.value, unit)
            return UNKNOWN if UNKNOWN in path else str(getattr(PurePosixPath(path), node.attr))
        module, _, name = key.rpartition(".")
        return self._bound(key if key in self.bindings else self.imports.get(module, {}).get(name, key))

    def _is_set_up(self, node: ast.expr, unit: Unit) -> bool:
        """Return whether an object is of a class of ours that is given arguments: they may set what the class says."""
        key = self.key(node.id, unit) if isinstance(node, ast.Name) else ""
        value = self.bindings[key].node if key in self.bindings else node
        has_arguments = isinstance(value, ast.Call) and bool(value.args or value.keywords)
        return has_arguments and self.is_class(self.resolve(node, unit))

    def _bound(self, key: str) -> object:
        node, unit = self.bindings.get(key, (None, None))
        if node is None or unit is None or not isinstance(node, ast.expr | ast.arg):
            return UNKNOWN
        if isinstance(node, ast.expr):
            return self.fold(node, unit)
        values = [self.fold(value, place) if value else UNKNOWN for value, place in self.given(node, unit)]
        return values[0] if values and all(value == values[0] for value in values) else UNKNOWN

    def _called(self, node: ast.Call, unit: Unit) -> object:
        name = self.resolve(node.func, unit)
        values, method = [self.fold(part, unit) for part in node.args], name.rpartition(".")[2]
        base = self.fold(node.func.value, unit) if isinstance(node.func, ast.Attribute) else UNKNOWN
        if method in {"exists", "isdir", "is_dir"}:
            return True if {str(value) for value in (base, *values)} & _KAGGLE else UNKNOWN
        if name in {"os.environ.get", "os.getenv"} and str(values[0]).startswith("KAGGLE_"):
            return EITHER if "RERUN" in str(values[0]) else SET
        if name in _FUNCTIONS:
            return _FUNCTIONS[name](*values)
        return _METHODS[method](base, *values) if isinstance(base, str) and base != UNKNOWN else UNKNOWN


def is_known(value: object) -> bool:
    """Return whether nothing of a value is left to the run."""
    if isinstance(value, list | dict):
        return all(map(is_known, value.values() if isinstance(value, dict) else value))
    return not isinstance(value, str) or UNKNOWN not in value
