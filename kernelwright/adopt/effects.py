"""Whether a statement only binds its name: then where it runs makes no difference to anything else."""

import ast
import builtins
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources

from kernelwright.adopt.statements import Statement

FREE, TIMED, EFFECT = 0, 1, 2
"""Of an evaluation: it gives the same at any time; it gives what holds at the time; it may do anything."""

_COMPREHENSIONS = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
_DISPLAYS = ast.Tuple | ast.List | ast.Dict | ast.keyword | ast.IfExp | ast.BoolOp | ast.Starred
_COMPOUND = (
    _COMPREHENSIONS | _DISPLAYS | ast.comprehension | ast.Set | ast.JoinedStr | ast.FormattedValue
    | ast.UnaryOp | ast.BinOp | ast.Compare | ast.Slice
)  # fmt: skip
_CONTEXT = ast.expr_context | ast.operator | ast.unaryop | ast.boolop | ast.cmpop
_HOOKS = {"__init_subclass__", "__set_name__", "__class_getitem__", "__prepare__"}


@cache
def names(key: str) -> frozenset[str]:
    """Return names whose effect is known: one of the lists of ``name_lists.toml``."""
    text = resources.files("kernelwright.adopt").joinpath("name_lists.toml").read_text("utf-8")
    return frozenset(tomllib.loads(text)[key])


def root(node: ast.AST) -> str:
    """Return the name that an attribute or an item is of; empty for another expression."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


@dataclass(frozen=True, kw_only=True)
class Effects:
    """What evaluations do in a notebook.

    Attributes
    ----------
    statements : sequence of Statement
        The notebook's.
    origins : mapping
        Imported name -> the dotted name it stands for.
    """

    statements: Sequence[Statement]
    origins: Mapping[str, str]

    @cached_property
    def bound(self) -> Mapping[str, int]:
        """Every name the notebook binds, and in how many statements."""
        return Counter(name for statement in self.statements for name in statement.binds)

    @cached_property
    def patched(self) -> AbstractSet[str]:
        """Names of which an attribute or an item is set or deleted."""
        patched = set[str]()
        for part in (part for statement in self.statements for part in statement.parts):
            match part:
                case ast.Subscript(ctx=ast.Store() | ast.Del()) | ast.Attribute(ctx=ast.Store() | ast.Del()):
                    patched.add(root(part))
                case ast.Call(func=ast.Name(id="setattr" | "delattr"), args=[owner, *_]):
                    patched.add(root(owner))
        return patched

    @cached_property
    def _is_hooked(self) -> bool:
        """Whether a class of the notebook acts when a subclass is made."""
        parts = (part for statement in self.statements for part in statement.parts)
        return any(isinstance(part, ast.FunctionDef) and part.name in _HOOKS for part in parts)

    @cached_property
    def _own(self) -> Mapping[str, ast.stmt]:
        """The notebook's own functions and classes that are bound once."""
        return {s.name: s.node for s in self.statements if s.node and s.name and self.bound[s.name] == 1}

    def of(self, statement: Statement) -> int:
        """Return what running the statement does beside binding its names; imports are not asked about."""
        if not (statement.nodes or statement.is_plain):
            return EFFECT
        try:
            return self._most(statement.nodes)
        except RecursionError:  # nested too deep to be looked through
            return EFFECT

    def _most(self, nodes: Iterable[ast.AST | None]) -> int:
        return max((self._of(node) for node in nodes if node), default=FREE)

    def _of(self, node: ast.AST) -> int:
        """Return what running a statement does."""
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                return max([self._most([node.args, node.returns]), *map(self._of_decorator, node.decorator_list)])
            case ast.arguments() | ast.arg():  # their defaults and annotations
                return self._most(ast.iter_child_nodes(node))
            case ast.ClassDef(keywords=keywords) if all(word.arg == "total" for word in keywords):
                parts = [*map(self._of_base, node.bases), *map(self._of_decorator, node.decorator_list)]
                return max([self._most(node.body), *parts])
            case ast.Assign(targets=targets, value=value) if all(_is_bound_alone(target, value) for target in targets):
                return self._of(value)
            case ast.AnnAssign(target=ast.Name()):
                return self._most([node.annotation, node.value])
        return self._of_expression(node)

    def _of_expression(self, node: ast.AST) -> int:
        match node:
            case ast.Constant() | ast.Name() | ast.Lambda() | ast.Pass() | ast.Expr(value=ast.Constant()):
                return FREE
            case ast.Attribute(value=value) | ast.Subscript(value=value):
                # What a library or Python itself names stays what it is, unless the notebook sets it.
                name = root(value)
                is_builtin = name in dir(builtins) and name not in self.bound
                is_fixed = is_builtin or name in self.origins.keys() - self.patched
                own = FREE if is_fixed and isinstance(value, ast.Name | ast.Attribute) else TIMED
                return max(own, self._most([value, getattr(node, "slice", None)]))
            case ast.Call(func=func, args=args, keywords=keywords):
                is_known = self.dotted(func) in names("calls") | names("containers")
                return max(TIMED, self._most([*args, *keywords])) if is_known else EFFECT
        if isinstance(node, _COMPOUND):
            parts = [part for part in ast.iter_child_nodes(node) if not isinstance(part, _CONTEXT)]
            # What is computed of names may fail, and has to fail in its place.
            is_literal = not any(isinstance(part, ast.Name) for part in parts)
            is_timed = isinstance(node, _COMPREHENSIONS) or not (isinstance(node, _DISPLAYS) or is_literal)
            return max(TIMED if is_timed else FREE, self._most(parts))
        return EFFECT

    def _of_base(self, node: ast.expr) -> int:
        """Return what deriving a class does: nothing, where what it derives from is surely a class."""
        if isinstance(node, ast.Name) and node.id in self.bound.keys() - self.origins.keys():
            is_class = isinstance(self._own.get(node.id), ast.ClassDef)
            return FREE if is_class and not self._is_hooked else EFFECT
        is_imported = "." in self.dotted(node.value if isinstance(node, ast.Subscript) else node)
        is_builtin = isinstance(getattr(builtins, getattr(node, "id", ""), None), type)
        return self._of(node) if is_imported or is_builtin else EFFECT

    def _of_decorator(self, node: ast.expr) -> int:
        """Return what decorating does: nothing where it is known only to wrap, or where the notebook shows that."""
        if isinstance(node, ast.Attribute) and node.attr in {"setter", "getter", "deleter"}:
            return FREE
        maker, arguments = (node.func, [*node.args, *node.keywords]) if isinstance(node, ast.Call) else (node, [])
        if self.dotted(maker) in names("decorators"):
            own = FREE
        elif isinstance(maker, ast.Name) and self._wraps(self._own.get(maker.id), calls=1 + (maker is not node)):
            own = TIMED
        else:
            own = EFFECT
        return max(own, self._most(arguments))

    def _wraps(self, node: ast.stmt | None, *, calls: int) -> bool:
        """Return whether a function only defines functions and returns a name, and so does what its calls return."""
        if not isinstance(node, ast.FunctionDef) or node.decorator_list:
            return False
        inner = [statement for statement in node.body if isinstance(statement, ast.FunctionDef)]
        for function in inner:
            decorators = [part.func if isinstance(part, ast.Call) else part for part in function.decorator_list]
            if function.args.defaults or function.args.kw_defaults:
                return False
            if any(self.dotted(decorator) != "functools.wraps" for decorator in decorators):
                return False
        for statement in node.body:
            match statement:
                case ast.FunctionDef() | ast.Return(value=ast.Name()) | ast.Expr(value=ast.Constant()):
                    pass
                case _:
                    return False
        return calls == 1 or (bool(inner) and all(self._wraps(function, calls=calls - 1) for function in inner))

    def dotted(self, node: ast.AST) -> str:
        """Return what a name stands for, through imports; empty where that is not known."""
        match node:
            case ast.Name(id=name):
                return self.origins.get(name, "" if name in self.bound else name)
            case ast.Attribute(value=value, attr=attr):
                base = self.dotted(value)
                return f"{base}.{attr}" if base else ""
        return ""

    def is_immutable(self, node: ast.AST) -> bool:
        """Return whether a value can only be replaced."""
        if isinstance(node, ast.Call) and self.dotted(node.func) in names("containers"):
            return False
        return not isinstance(node, ast.List | ast.Set | ast.Dict | _COMPREHENSIONS)


def _is_bound_alone(target: ast.expr, value: ast.expr) -> bool:
    """Return whether an assignment only binds names: one, or as many as are written on the right."""
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        return len(target.elts) == len(value.elts) and all(isinstance(part, ast.Name) for part in target.elts)
    return isinstance(target, ast.Name)
