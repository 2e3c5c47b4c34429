"""Whether a statement only binds its name: then where it runs makes no difference to anything else."""

import ast
import builtins
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from kernelwright.adopt.names import Use, Uses, listed, root
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


@dataclass(frozen=True, kw_only=True)
class Effects:
    """What evaluations do in a notebook.

    Attributes
    ----------
    statements : sequence of Statement
        The notebook's.
    binders : mapping
        Name -> the statements that bind it.
    origins : mapping
        Imported name -> the dotted name it stands for.
    """

    statements: Sequence[Statement]
    binders: Mapping[str, Sequence[Statement]]
    origins: Mapping[str, str]

    @cached_property
    def used(self) -> Uses:
        """The notebook's names by how any of its statements uses them."""
        used: dict[Use, set[str]] = defaultdict(set)
        for statement in self.statements:
            for use, those in statement.uses.items():
                used[use] |= those
        return used

    @cached_property
    def single(self) -> Mapping[str, ast.stmt | None]:
        """Name -> the definition or plain assignment that alone binds it."""
        return {name: binders[0].node for name, binders in self.binders.items() if [s.name for s in binders] == [name]}

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
        """Return what evaluating an expression does, or a statement that is nothing but a value."""
        match node:
            case ast.Constant() | ast.Name() | ast.Lambda() | ast.Pass() | ast.Expr(value=ast.Constant()):
                return FREE
            case ast.Attribute(value=value) | ast.Subscript(value=value):
                # What a library or Python itself names stays what it is, unless the notebook sets it.
                name = root(value)
                is_builtin = name in dir(builtins) and name not in self.binders
                is_fixed = is_builtin or name in self.origins.keys() - self.used["patched"]
                own = FREE if is_fixed and isinstance(value, ast.Name | ast.Attribute) else TIMED
                return max(own, self._most([value, getattr(node, "slice", None)]))
            case ast.Call(func=func, args=args, keywords=keywords):
                is_known = self.dotted(func) in listed("calls") | listed("containers")
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
        if isinstance(node, ast.Name) and node.id in self.binders.keys() - self.origins.keys():
            return FREE if isinstance(self.single.get(node.id), ast.ClassDef) and not self.used["hook"] else EFFECT
        is_imported = "." in self.dotted(node.value if isinstance(node, ast.Subscript) else node)
        is_builtin = isinstance(getattr(builtins, getattr(node, "id", ""), None), type)
        return self._of(node) if is_imported or is_builtin else EFFECT

    def _of_decorator(self, node: ast.expr) -> int:
        """Return what decorating does: nothing where it is known only to wrap, or where the notebook shows that."""
        if isinstance(node, ast.Attribute) and node.attr in {"setter", "getter", "deleter"}:
            return FREE
        maker, arguments = (node.func, [*node.args, *node.keywords]) if isinstance(node, ast.Call) else (node, [])
        if self.dotted(maker) in listed("decorators"):
            own = FREE
        elif isinstance(maker, ast.Name) and self._wraps(self.single.get(maker.id), calls=1 + (maker is not node)):
            own = TIMED
        else:
            own = EFFECT
        return max(own, self._most(arguments))

    def _wraps(self, node: ast.stmt | None, *, calls: int) -> bool:
        """Return whether a function only defines functions and returns a name, and so does what its calls return."""
        if not isinstance(node, ast.FunctionDef) or node.decorator_list:
            return False
        inner = list[ast.stmt]()
        for statement in node.body:
            match statement:
                case ast.FunctionDef(args=ast.arguments(defaults=[], kw_defaults=[]), decorator_list=decorators):
                    makers = {self.dotted(part.func if isinstance(part, ast.Call) else part) for part in decorators}
                    if makers - {"functools.wraps"}:
                        return False
                    inner.append(statement)
                case ast.Return(value=ast.Name()) | ast.Expr(value=ast.Constant()):
                    pass
                case _:
                    return False
        return calls == 1 or (bool(inner) and all(self._wraps(function, calls=calls - 1) for function in inner))

    def dotted(self, node: ast.AST) -> str:
        """Return what a name stands for, through imports; empty where that is not known."""
        match node:
            case ast.Name(id=name):
                return self.origins.get(name, "" if name in self.binders else name)
            case ast.Attribute(value=value, attr=attr):
                base = self.dotted(value)
                return f"{base}.{attr}" if base else ""
        return ""

    def is_immutable(self, node: ast.AST) -> bool:
        """Return whether a value can only be replaced."""
        if isinstance(node, ast.Call) and self.dotted(node.func) in listed("containers"):
            return False
        return not isinstance(node, ast.List | ast.Set | ast.Dict | _COMPREHENSIONS)


def _is_bound_alone(target: ast.expr, value: ast.expr) -> bool:
    """Return whether an assignment only binds names: one, or as many as are written on the right."""
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        return len(target.elts) == len(value.elts) and all(isinstance(part, ast.Name) for part in target.elts)
    return isinstance(target, ast.Name)
