"""Whether a statement only binds its name: then where it runs makes no difference to anything else."""

import ast
import builtins
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import repeat

from kernelwright.adopt import name_lists
from kernelwright.adopt.statements import Statement

FREE, TIMED, EFFECT = 0, 1, 2
"""Of an evaluation: it gives the same at any time; it gives what holds at the time; it may do anything."""

_ACCESSORS = {"setter", "getter", "deleter"}
_COMPREHENSIONS = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
_COMPOUND = (
    _COMPREHENSIONS | ast.comprehension | ast.Tuple | ast.List | ast.Set | ast.Dict | ast.JoinedStr | ast.FormattedValue
    | ast.UnaryOp | ast.BinOp | ast.BoolOp | ast.Compare | ast.IfExp | ast.Starred | ast.Slice | ast.keyword
)  # fmt: skip
_DISPLAYS = ast.Tuple | ast.List | ast.Dict | ast.keyword | ast.IfExp | ast.BoolOp | ast.Starred
_HOOKS = {"__init_subclass__", "__set_name__", "__class_getitem__", "__prepare__"}


@dataclass(frozen=True, kw_only=True)
class Effects:
    """What is known of the notebook that an evaluation depends on.

    Attributes
    ----------
    origins : mapping
        Imported name -> the dotted name it stands for.
    bound : set of str
        Every name the notebook binds.
    patched : set of str
        Imported names of which the notebook sets an attribute.
    decorators, factories : set of str
        The notebook's own functions that, as decorators, only wrap; and those that only make such ones.
    classes : set of str
        The notebook's own classes that are bound once.
    hooked : bool
        Whether a class of the notebook acts when a subclass is made.
    """

    origins: Mapping[str, str]
    bound: AbstractSet[str]
    patched: AbstractSet[str]
    decorators: AbstractSet[str]
    factories: AbstractSet[str]
    classes: AbstractSet[str]
    hooked: bool

    def of(self, statement: Statement) -> int:
        """Return what running the statement does beside binding its names; imports are not asked about."""
        try:
            return max(map(self._of_node, statement.nodes), default=FREE if statement.is_plain else EFFECT)
        except RecursionError:  # nested too deep to be looked through
            return EFFECT

    def _of_node(self, node: ast.stmt) -> int:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                return self._of_function(node)
            case ast.ClassDef(keywords=keywords) if all(word.arg == "total" for word in keywords):
                parts = [*map(self._of_base, node.bases), *map(self._of_decorator, node.decorator_list)]
                return max([*map(self._of_node, node.body), *parts])
            case ast.Assign(targets=targets, value=value) if all(map(_is_plain_target, targets, repeat(value))):
                return self.of_expression(value)
            case ast.AnnAssign(target=ast.Name(), annotation=annotation, value=value):
                return max(self.of_expression(part) for part in (annotation, value) if part)
            case ast.Pass() | ast.Expr(value=ast.Constant()):
                return FREE
        return EFFECT

    def _of_function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
        arguments = node.args
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
        annotations = [argument.annotation for argument in every if argument]
        parts = [*arguments.defaults, *arguments.kw_defaults, *annotations, node.returns]
        levels = (self.of_expression(part) for part in parts if part)
        return max([FREE, *levels, *map(self._of_decorator, node.decorator_list)])

    def _of_base(self, node: ast.expr) -> int:
        """Return what deriving a class does: nothing, where what it derives from is surely a class."""
        if isinstance(node, ast.Name) and node.id in self.bound - self.origins.keys():
            return FREE if node.id in self.classes and not self.hooked else EFFECT
        is_class = "." in self.dotted(node.value if isinstance(node, ast.Subscript) else node)
        is_builtin = isinstance(getattr(builtins, getattr(node, "id", ""), None), type)
        return self.of_expression(node) if is_class or is_builtin else EFFECT

    def _of_decorator(self, node: ast.expr) -> int:
        if isinstance(node, ast.Attribute) and node.attr in _ACCESSORS:
            return FREE
        call = node if isinstance(node, ast.Call) else None
        name = self.dotted(call.func if call else node)
        if name not in name_lists.names("decorators") and name not in (self.factories if call else self.decorators):
            return EFFECT
        own = FREE if name in name_lists.names("decorators") else TIMED
        return max(own, self._most([*call.args, *call.keywords])) if call else own

    def of_expression(self, node: ast.AST) -> int:
        """Return what an evaluation does."""
        match node:
            case ast.Constant() | ast.Name() | ast.Lambda():
                return FREE
            case ast.Attribute(value=value) | ast.Subscript(value=value):
                root = self.dotted(value).partition(".")[0]
                imported = {self.origins[name].partition(".")[0] for name in self.origins.keys() - self.patched}
                inner = [node.slice] if isinstance(node, ast.Subscript) else []
                is_fixed = isinstance(value, ast.Name | ast.Attribute) and (root in imported or root in dir(builtins))
                return max(self.of_expression(value), self._most(inner), FREE if is_fixed else TIMED)
            case ast.Call(func=func, args=args, keywords=keywords):
                is_known = self.dotted(func) in name_lists.names("calls") | name_lists.names("containers")
                return max(TIMED, self._most([*args, *keywords])) if is_known else EFFECT
        if isinstance(node, _COMPOUND):
            parts = [part for part in ast.iter_child_nodes(node) if not isinstance(part, _CONTEXT)]
            # What is computed of names may fail, and has to fail in its place.
            is_literal = not any(isinstance(part, ast.Name) for part in parts)
            is_timed = isinstance(node, _COMPREHENSIONS) or not (isinstance(node, _DISPLAYS) or is_literal)
            return max(TIMED if is_timed else FREE, self._most(parts))
        return EFFECT

    def _most(self, nodes: Iterable[ast.AST]) -> int:
        return max(map(self.of_expression, nodes), default=FREE)

    def dotted(self, node: ast.AST) -> str:
        """Return what a name stands for, through imports; empty where that is not known."""
        match node:
            case ast.Name(id=name):
                return self.origins.get(name, "" if name in self.bound and name not in self.decorators else name)
            case ast.Attribute(value=value, attr=attr):
                base = self.dotted(value)
                return f"{base}.{attr}" if base else ""
        return ""

    def is_immutable(self, node: ast.AST) -> bool:
        """Return whether a value can only be replaced."""
        mutable = ast.List | ast.Set | ast.Dict | _COMPREHENSIONS
        if isinstance(node, ast.Call) and self.dotted(node.func) in name_lists.names("containers"):
            return False
        return not isinstance(node, mutable)


_CONTEXT = ast.expr_context | ast.operator | ast.unaryop | ast.boolop | ast.cmpop


def _is_plain_target(target: ast.expr, value: ast.expr) -> bool:
    """Return whether an assignment only binds names: one, or as many as are written on the right."""
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        return len(target.elts) == len(value.elts) and all(isinstance(part, ast.Name) for part in target.elts)
    return isinstance(target, ast.Name)


def survey(statements: Sequence[Statement], origins: Mapping[str, str]) -> Effects:
    """Gather what evaluations depend on."""
    patched, decorators, factories, hooked = set[str](), set[str](), set[str](), False
    bound = Counter(name for statement in statements for name in statement.binds)
    for statement in statements:
        if isinstance(statement.node, ast.FunctionDef) and bound[statement.name] == 1:
            wrapped = _wrapped(statement.node, origins)
            decorators |= {statement.name} if wrapped is not None else set()
            makes = wrapped and all(_wrapped(function, origins) is not None for function in wrapped)
            factories |= {statement.name} if makes else set()
        for part in (part for node in statement.nodes for part in ast.walk(node)):
            if isinstance(part, ast.Attribute | ast.Subscript) and not isinstance(part.ctx, ast.Load):
                patched.add(root(part))
            if isinstance(part, ast.Call) and getattr(part.func, "id", "") in {"setattr", "delattr"} and part.args:
                patched.add(root(part.args[0]))
            hooked = hooked or (isinstance(part, ast.FunctionDef) and part.name in _HOOKS)
    return Effects(
        origins=origins,
        bound=frozenset(bound),
        patched=patched,
        decorators=decorators,
        factories=factories,
        classes={s.name for s in statements if isinstance(s.node, ast.ClassDef) and bound[s.name] == 1},
        hooked=hooked,
    )


def _wrapped(node: ast.FunctionDef, origins: Mapping[str, str]) -> list[ast.FunctionDef] | None:
    """Return the functions in one that only defines them and returns a name; None for any other."""
    functions = []
    for statement in node.body:
        match statement:
            case ast.FunctionDef(decorator_list=decorators, args=ast.arguments(defaults=[], kw_defaults=[])):
                if not all(_is_wraps(decorator, origins) for decorator in decorators):
                    return None
                functions.append(statement)
            case ast.Return(value=ast.Name()) | ast.Expr(value=ast.Constant()):
                pass
            case _:
                return None
    return None if node.decorator_list else functions


def _is_wraps(node: ast.expr, origins: Mapping[str, str]) -> bool:
    match node.func if isinstance(node, ast.Call) else node:
        case ast.Name(id=name):
            return origins.get(name) == "functools.wraps"
        case ast.Attribute(value=ast.Name(id=name), attr="wraps"):
            return origins.get(name) == "functools"
    return False


def root(node: ast.AST) -> str:
    """Return the name that an attribute or an item is of; empty for another expression."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""
