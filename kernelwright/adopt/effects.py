"""Determine whether a statement does nothing but bind its names, so that it can run elsewhere in the notebook."""

import ast
import builtins
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from kernelwright.adopt.names import Use, Uses, listed, root
from kernelwright.adopt.statements import Statement

FREE, TIMED, EFFECT = 0, 1, 2
"""What evaluating code does: it has the same result at any time; its result depends on the time; it may do anything.

In increasing order: the effect of code is the maximum of its parts' effects.
"""

_COMPREHENSIONS = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
_DISPLAYS = ast.Tuple | ast.List | ast.Dict | ast.keyword | ast.IfExp | ast.BoolOp | ast.Starred
_COMPOUND = (
    _COMPREHENSIONS | _DISPLAYS | ast.comprehension | ast.Set | ast.JoinedStr | ast.FormattedValue
    | ast.UnaryOp | ast.BinOp | ast.Compare | ast.Slice
)  # fmt: skip
_CONTEXT = ast.expr_context | ast.operator | ast.unaryop | ast.boolop | ast.cmpop


@dataclass(frozen=True, kw_only=True)
class Effects:
    """The effects of evaluating a notebook's code.

    Attributes
    ----------
    statements : sequence of Statement
        The notebook's statements.
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
        """The notebook's names, by how any of its statements uses them."""
        used: dict[Use, set[str]] = defaultdict(set)
        for statement in self.statements:
            for use, those in statement.uses.items():
                used[use] |= those
        return used

    @cached_property
    def single(self) -> Mapping[str, ast.stmt | None]:
        """Name -> the definition or plain assignment, for names that are bound by nothing else."""
        return {name: binders[0].node for name, binders in self.binders.items() if [s.name for s in binders] == [name]}

    def of(self, statement: Statement) -> int:
        """Return the effect of running a statement, apart from binding its names. Not for imports."""
        if not (statement.nodes or statement.is_plain):
            return EFFECT
        try:
            return self._most(statement.nodes)
        except RecursionError:  # nested deeper than Python's recursion limit
            return EFFECT

    def _most(self, nodes: Iterable[ast.AST | None]) -> int:
        return max((self._of(node) for node in nodes if node), default=FREE)

    def _of(self, node: ast.AST) -> int:
        """Return the effect of running a statement, or of a part of one."""
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                return max([self._most([node.args, node.returns]), *map(self._of_decorator, node.decorator_list)])
            case ast.arguments() | ast.arg():  # defaults and annotations are evaluated at the definition
                return self._most(ast.iter_child_nodes(node))
            # `total` is TypedDict's; any other keyword, such as metaclass, may do anything.
            case ast.ClassDef(keywords=keywords) if all(word.arg == "total" for word in keywords):
                parts = [*map(self._of_base, node.bases), *map(self._of_decorator, node.decorator_list)]
                return max([self._most(node.body), *parts])
            case ast.Assign(targets=targets, value=value) if all(_is_bound_alone(target, value) for target in targets):
                return self._of(value)
            case ast.AnnAssign(target=ast.Name()):
                return self._most([node.annotation, node.value])
        return self._of_expression(node)

    def _of_expression(self, node: ast.AST) -> int:
        """Return the effect of evaluating an expression, ``pass`` or a constant that stands alone."""
        match node:
            case ast.Constant() | ast.Name() | ast.Lambda() | ast.Pass() | ast.Expr(value=ast.Constant()):
                return FREE
            case ast.Attribute(value=value) | ast.Subscript(value=value):
                # Attributes of libraries and builtins never change, unless the notebook sets them.
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
            # A computation with names may fail, and must then fail at the same place.
            is_literal = not any(isinstance(part, ast.Name) for part in parts)
            is_timed = isinstance(node, _COMPREHENSIONS) or not (isinstance(node, _DISPLAYS) or is_literal)
            return max(TIMED if is_timed else FREE, self._most(parts))
        return EFFECT

    def _of_base(self, node: ast.expr) -> int:
        """Return the effect of deriving a class from a base: none if the base is certainly a plain class."""
        if isinstance(node, ast.Name) and node.id in self.binders.keys() - self.origins.keys():
            return FREE if isinstance(self.single.get(node.id), ast.ClassDef) and not self.used["hook"] else EFFECT
        is_imported = "." in self.dotted(node.value if isinstance(node, ast.Subscript) else node)
        is_builtin = isinstance(getattr(builtins, getattr(node, "id", ""), None), type)
        return self._of(node) if is_imported or is_builtin else EFFECT

    def _of_decorator(self, node: ast.expr) -> int:
        """Return the effect of a decorator: none beyond wrapping if it is listed or the notebook's code shows that."""
        if isinstance(node, ast.Attribute) and node.attr in {"setter", "getter", "deleter"}:
            return FREE  # of a property
        maker, arguments = (node.func, [*node.args, *node.keywords]) if isinstance(node, ast.Call) else (node, [])
        if self.dotted(maker) in listed("decorators"):
            own = FREE
        # A decorator with arguments is called twice: with them, and then with what it decorates.
        elif isinstance(maker, ast.Name) and self._wraps(self.single.get(maker.id), calls=1 + (maker is not node)):
            own = TIMED
        else:
            own = EFFECT
        return max(own, self._most(arguments))

    def _wraps(self, node: ast.stmt | None, *, calls: int) -> bool:
        """Return whether a function does nothing but define functions and return a name.

        With ``calls`` above 1, the functions that it defines must do the same, for the further calls.
        """
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
        """Return the dotted name that an expression stands for, through imports; empty if unknown."""
        match node:
            case ast.Name(id=name):
                return self.origins.get(name, "" if name in self.binders else name)
            case ast.Attribute(value=value, attr=attr):
                base = self.dotted(value)
                return f"{base}.{attr}" if base else ""
        return ""

    def is_immutable(self, node: ast.AST) -> bool:
        """Return whether a value cannot be changed in place."""
        if isinstance(node, ast.Call) and self.dotted(node.func) in listed("containers"):
            return False
        return not isinstance(node, ast.List | ast.Set | ast.Dict | _COMPREHENSIONS)


def _is_bound_alone(target: ast.expr, value: ast.expr) -> bool:
    """Return whether an assignment only binds names: a single name, or a tuple of as many names as values."""
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        return len(target.elts) == len(value.elts) and all(isinstance(part, ast.Name) for part in target.elts)
    return isinstance(target, ast.Name)
