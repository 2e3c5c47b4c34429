"""The code a run on Kaggle may come to: branches that it does not take are left out."""

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from kernelwright.check.code.evaluate import Scope
from kernelwright.check.code.source import Script

_THERE = re.compile(r"KAGGLE_(KERNEL_RUN_TYPE|URL_BASE|CONTAINER_NAME|DOCKER_IMAGE)")
_FOLDER = re.compile(r"/kaggle(/input|/working)?/?")
_ELSEWHERE = re.compile(r"google\.colab|COLAB_\w+|/content(/drive(/MyDrive)?)?/?")
_ASKING = re.compile(r"os\.(getenv|environ\.get|path\.(exists|isdir))")
_KAGGLE = re.compile(r"(?i)((is|on|in|running_on|running_in)_?)?kaggle(_env)?")
_COLAB = re.compile(r"(?i)((is|on|in|running_on|running_in)_?)?(google_?)?colab(_env)?|TYPE_CHECKING")
_DEEPEST = 12
Truth = bool | None
"""None where only the run knows."""


@dataclass(frozen=True, kw_only=True)
class Code:
    """A cell of the driver or a module, and the meaning of its names."""

    script: Script
    scope: Scope

    @cached_property
    def running(self) -> Sequence[ast.AST]:
        """The nodes of code that may run, a whole before its parts."""
        nodes: list[ast.AST] = [self.script.tree]
        for node in nodes:
            skipped = set(map(id, self._skipped(node)))
            nodes.extend(part for part in ast.iter_child_nodes(node) if id(part) not in skipped)
        return nodes

    def calls(self) -> Iterator[ast.Call]:
        """Yield the calls that may be made and that the author does not vouch for."""
        for node in self.running:
            if isinstance(node, ast.Call) and not self.script.vouches(node):
                yield node

    @cached_property
    def magics(self) -> Sequence[tuple[int, str]]:
        """The commands that are IPython's or the shell's, each with its line's number in the text."""
        skipped = [part for node in self.running for part in self._skipped(node)]
        lines = {number for part in skipped for number in range(part.lineno, (part.end_lineno or part.lineno) + 1)}
        return [(number, command) for number, command in self.script.magics if number not in lines]

    def _skipped(self, node: ast.AST) -> Sequence[ast.expr | ast.stmt]:
        """Return the branch of a condition that is not taken."""
        if not isinstance(node, ast.If | ast.IfExp):
            return []
        taken = False if self.script.is_own_run(node.test) else _truth(node.test, self.scope)
        branch = [] if taken is None else node.orelse if taken else node.body
        return branch if isinstance(branch, list) else [branch]


def _truth(test: ast.expr, scope: Scope, depth: int = 0) -> Truth:
    """Return what a condition is on Kaggle."""
    meant, told = scope.meant(test) if depth < _DEEPEST else None, None
    match meant:
        case ast.Constant(value=value):
            told = bool(value)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            told = _not(_truth(operand, scope, depth + 1))
        case ast.BoolOp(op=op, values=values):
            parts, decides = [_truth(value, scope, depth + 1) for value in values], isinstance(op, ast.Or)
            told = decides if decides in parts else None if None in parts else not decides
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            told = _compared(left, op, right, scope, depth + 1)
        case ast.Call():
            told = _asked(meant, scope)
        case ast.Name(id=name) | ast.Attribute(attr=name):
            told = _named(name)
    return told


def _named(name: str) -> Truth:
    """Return what a name such as ``IN_COLAB`` asks, whatever sets it."""
    return True if _KAGGLE.fullmatch(name) else False if _COLAB.fullmatch(name) else None


def _not(value: Truth) -> Truth:
    return None if value is None else not value


def _compared(left: ast.expr, op: ast.cmpop, right: ast.expr, scope: Scope, depth: int) -> Truth:
    match op:
        case ast.In() | ast.NotIn():
            told = _is_there(scope.text(left))
        case ast.Eq() | ast.NotEq() | ast.Is() | ast.IsNot():
            told = _equal(left, right, scope, depth)
        case _:
            told = None
    return _not(told) if isinstance(op, ast.NotIn | ast.NotEq | ast.IsNot) else told


def _equal(left: ast.expr, right: ast.expr, scope: Scope, depth: int) -> Truth:
    one, other = scope.meant(left), scope.meant(right)
    if isinstance(one, ast.Constant) and isinstance(other, ast.Constant):
        return bool(one.value == other.value)
    if _is_default(one, other) and _truth(left, scope, depth):
        return False
    is_empty = isinstance(other, ast.Constant) and not other.value
    return _not(_truth(left, scope, depth)) if is_empty else None


def _is_default(asked: ast.AST | None, other: ast.AST | None) -> bool:
    """Tell whether a value is what the question falls back on where the variable is missing."""
    match asked, other:
        case ast.Call(args=[_, ast.Constant(value=default)]), ast.Constant(value=value):
            return bool(default == value)
    return False


def _asked(call: ast.Call, scope: Scope) -> Truth:
    """Tell whether a variable or a folder that is asked for is there."""
    match call:
        case ast.Call(args=[first, *_]) if any(map(_ASKING.fullmatch, scope.names(call.func))):
            name = scope.text(first)
        case ast.Call(func=ast.Attribute(value=path, attr="exists" | "is_dir")):
            name = scope.text(path)
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return _named(name)
        case _:
            return None
    return True if _FOLDER.fullmatch(name) else _is_there(name)


def _is_there(name: str) -> Truth:
    """Tell whether a variable or a module is there, or a folder of Colab's."""
    return True if _THERE.fullmatch(name) else False if _ELSEWHERE.fullmatch(name) else None
