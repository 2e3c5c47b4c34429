"""Values of the code's expressions: literals, constants, paths, the arguments that all calls of a function agree on.

What only the run knows is `UNKNOWN`, and so is that part of a text.
"""

import ast
from collections.abc import Callable
from pathlib import PurePosixPath

from kernelwright.check.code.names import DEEPEST, Names, Unit

UNKNOWN = "\0"
SET = "\0set"
"""A variable of the environment that is set on Kaggle, to something."""
EITHER = "\0either"
"""A test that comes out both ways, each in one of Kaggle's two runs: whether this is the rerun."""
TREE = "/<tree>"
"""Stands for the folder of the carried tree, in which ``__file__`` lies."""
_LONGEST = 500
_KAGGLE = {"/kaggle", "/kaggle/input", "/kaggle/working"}
_EXISTS = {"os.path.exists", "os.path.isdir"}
_SAME = {"str", "os.fspath", "os.path.abspath", "os.path.realpath", "os.path.expanduser", "os.path.normpath"}
_SAME_METHODS = {"absolute", "resolve", "expanduser", "as_posix"}
_OFF_KAGGLE = {"google.colab": False, "kaggle_secrets": True}


class Values(Names):
    """Names, with the values that they hold."""

    folded: dict[int, object]

    def text(self, node: ast.AST | None, unit: Unit) -> str:
        """Return the text of an expression, `UNKNOWN` for anything else."""
        value = self.fold(node, unit) if node else UNKNOWN
        return value if isinstance(value, str) else UNKNOWN

    def truth(self, node: ast.expr, unit: Unit) -> bool | None:
        """Return how a test comes out on Kaggle, None where only the run knows."""
        value = self.fold(node, unit)
        return True if value == SET else bool(value) if is_known(value) else None

    def fold(self, node: ast.AST, unit: Unit, depth: int = 0) -> object:
        """Return the value of an expression."""
        if id(node) not in self.folded:
            self.folded[id(node)] = UNKNOWN  # what leads back to itself has no value
            fold: Callable[..., object] | None = getattr(self, f"_fold_{type(node).__name__.lower()}", None)
            value = fold(node, unit, depth + 1) if fold and depth < DEEPEST else UNKNOWN
            self.folded[id(node)] = UNKNOWN if isinstance(value, str) and len(value) > _LONGEST else value
        return self.folded[id(node)]

    def _fold_constant(self, node: ast.Constant, _unit: Unit, _depth: int) -> object:
        return node.value

    def _fold_joinedstr(self, node: ast.JoinedStr, unit: Unit, depth: int) -> object:
        return "".join(str(self.fold(part, unit, depth)) for part in node.values)

    def _fold_formattedvalue(self, node: ast.FormattedValue, unit: Unit, depth: int) -> object:
        return UNKNOWN if node.format_spec else self.fold(node.value, unit, depth)

    def _fold_list(self, node: ast.List | ast.Tuple, unit: Unit, depth: int) -> object:
        return [self.fold(part, unit, depth) for part in node.elts]

    _fold_tuple = _fold_list

    def _fold_dict(self, node: ast.Dict, unit: Unit, depth: int) -> object:
        table = {}
        for key, value in zip(node.keys, node.values, strict=True):
            if not isinstance(key, ast.Constant):
                return UNKNOWN
            table[key.value] = self.fold(value, unit, depth)
        return table

    def _fold_subscript(self, node: ast.Subscript, unit: Unit, depth: int) -> object:
        table, key = self.fold(node.value, unit, depth), self.fold(node.slice, unit, depth)
        return table[key] if isinstance(table, dict) and isinstance(key, str | int) and key in table else UNKNOWN

    def _fold_binop(self, node: ast.BinOp, unit: Unit, depth: int) -> object:
        left, right = self.fold(node.left, unit, depth), self.fold(node.right, unit, depth)
        if isinstance(node.op, ast.Add) and isinstance(left, str) and isinstance(right, str):
            return left + right
        return joined(left, right) if isinstance(node.op, ast.Div) else UNKNOWN

    def _fold_unaryop(self, node: ast.UnaryOp, unit: Unit, depth: int) -> object:
        if isinstance(node.op, ast.Not):
            truth = self.truth(node.operand, unit)
            return not truth if truth is not None else self.fold(node.operand, unit, depth)
        value = self.fold(node.operand, unit, depth)
        return -value if isinstance(node.op, ast.USub) and isinstance(value, int) else UNKNOWN

    def _fold_boolop(self, node: ast.BoolOp, unit: Unit, _depth: int) -> object:
        decisive = isinstance(node.op, ast.Or)
        truths = [self.truth(part, unit) for part in node.values]
        return decisive if decisive in truths else UNKNOWN if None in truths else not decisive

    def _fold_ifexp(self, node: ast.IfExp, unit: Unit, depth: int) -> object:
        truth = self.truth(node.test, unit)
        return UNKNOWN if truth is None else self.fold(node.body if truth else node.orelse, unit, depth)

    def _fold_compare(self, node: ast.Compare, unit: Unit, depth: int) -> object:
        left, right, op = self.fold(node.left, unit, depth), self.fold(node.comparators[0], unit, depth), node.ops[0]
        is_negated = isinstance(op, ast.NotEq | ast.IsNot | ast.NotIn)
        if isinstance(op, ast.In | ast.NotIn):
            outcome = self._is_in(left, right, self.resolve(node.comparators[0], unit))
        elif SET in (left, right) and None in (left, right):
            outcome = False
        elif EITHER in (left, right):
            outcome = EITHER
        else:
            is_equality = isinstance(op, ast.Eq | ast.Is | ast.NotEq | ast.IsNot) and len(node.ops) == 1
            outcome = left == right if is_equality and is_known(left) and is_known(right) else UNKNOWN
        return outcome != is_negated if isinstance(outcome, bool) else outcome

    def _is_in(self, item: object, container: object, place: str) -> object:
        if place == "os.environ" and isinstance(item, str) and item.startswith("KAGGLE_"):
            return EITHER if "RERUN" in item else True
        if place == "sys.modules" and isinstance(item, str) and item in _OFF_KAGGLE:
            return _OFF_KAGGLE[item]
        return item in container if isinstance(container, list | dict) and is_known([item, container]) else UNKNOWN

    def _fold_name(self, node: ast.Name, unit: Unit, depth: int) -> object:
        key = self.key(node.id, unit)
        match key:
            case "__file__":
                return f"{TREE}/{unit.script.path}"
            case "__name__":
                return unit.script.module
            case "typing.TYPE_CHECKING":
                return False
        return self._bound(key, depth)

    def _fold_attribute(self, node: ast.Attribute, unit: Unit, depth: int) -> object:
        if creation := self._creation(node.value, unit, depth):
            call, place = creation
            given = next((word.value for word in call.keywords if word.arg == node.attr), None)
            if given or call.args or any(word.arg is None for word in call.keywords):
                return self.fold(given, place, depth) if given else UNKNOWN
        key = f"{self.resolve(node.value, unit)}.{node.attr}"
        if key == "kernelwright.runtime.phase.detect().computes":
            return EITHER
        if key not in self.bindings and (part := _of_path(self.fold(node.value, unit, depth), node.attr)):
            return part
        module, _, name = key.rpartition(".")
        return self._bound(key if key in self.bindings else self.imports.get(module, {}).get(name, key), depth)

    def _bound(self, key: str, depth: int) -> object:
        binding = self.bindings.get(key)
        if binding and isinstance(binding.node, ast.arg):
            given = self.given(binding.node, binding.unit)
            values = [self.fold(node, place, depth) if node else UNKNOWN for node, place in given]
            return values[0] if values and all(value == values[0] for value in values) else UNKNOWN
        is_value = binding and isinstance(binding.node, ast.expr)
        return self.fold(binding.node, binding.unit, depth) if binding and binding.node and is_value else UNKNOWN

    def _creation(self, node: ast.AST | None, unit: Unit, depth: int) -> tuple[ast.Call, Unit] | None:
        """Return the call of a class of ours that made what an expression holds, and where it stands."""
        if isinstance(node, ast.Name) and depth < DEEPEST and (binding := self.bindings.get(self.key(node.id, unit))):
            node, unit = binding
            given = self.given(node, unit) if isinstance(node, ast.arg) else [(node, unit)]
            return self._creation(*given[0], depth + 1) if len(given) == 1 else None
        return (node, unit) if isinstance(node, ast.Call) and self.is_class(self.resolve(node, unit)) else None

    def _fold_call(self, node: ast.Call, unit: Unit, depth: int) -> object:
        name = self.resolve(node.func, unit)
        values = [self.fold(part, unit, depth) for part in node.args]
        first, last = values[0] if values else UNKNOWN, name.rpartition(".")[2]
        base = self.fold(node.func.value, unit, depth) if isinstance(node.func, ast.Attribute) else UNKNOWN
        if (name in _EXISTS and first in _KAGGLE) or (last in {"exists", "is_dir"} and base in _KAGGLE):
            return True
        if name in _SAME:
            return first
        if name == "bool" and node.args and (truth := self.truth(node.args[0], unit)) is not None:
            return truth
        if name in {"os.environ.get", "os.getenv"} and isinstance(first, str):
            return UNKNOWN if not first.startswith("KAGGLE_") else EITHER if "RERUN" in first else SET
        return self._path_call(name, base, values)

    def _path_call(self, name: str, base: object, values: list[object]) -> object:
        last = name.rpartition(".")[2]
        if name == "os.path.join" or (name.startswith("pathlib.") and last.endswith("Path")):
            return joined(*(values or ["."]))
        if name in {"os.getcwd", "pathlib.Path.cwd"}:
            return "/kaggle/working"
        if name == "os.path.dirname" and values:
            return _of_path(values[0], "parent") or UNKNOWN
        if isinstance(base, str) and base != UNKNOWN and last in {*_SAME_METHODS, "joinpath", "with_name"}:
            return joined((_of_path(base, "parent") or UNKNOWN) if last == "with_name" else base, *values)
        return UNKNOWN


def joined(*parts: object) -> object:
    """Join the parts of a path."""
    path = parts[0]
    for part in parts[1:]:
        if not (isinstance(path, str) and isinstance(part, str)):
            return UNKNOWN
        path = part if part.startswith("/") else f"{path.rstrip('/')}/{part}"
    return path


def _of_path(path: object, attribute: str) -> str:
    if not isinstance(path, str) or UNKNOWN in path or attribute not in {"parent", "name", "stem", "suffix"}:
        return ""
    return str(getattr(PurePosixPath(path), attribute))


def is_known(value: object) -> bool:
    """Return whether nothing of a value is left to the run."""
    if isinstance(value, list | dict):
        return all(map(is_known, value.values() if isinstance(value, dict) else value))
    return not isinstance(value, str) or UNKNOWN not in value
