"""What of a notebook moves into modules, and why the rest of its definitions stays."""

import ast
import builtins
import itertools
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from kernelwright.adopt import effects, name_lists
from kernelwright.adopt.effects import EFFECT, TIMED, Effects
from kernelwright.adopt.statements import Definition, Statement
from kernelwright.image import import_names
from kernelwright.image.kaggle_image import Image

_NOT_IN_A_MODULE = {"__name__", "__file__", "eval", "exec", "globals", "locals", "vars", "get_ipython", "exit", "quit"}
_SHOWS = {"print", "display", "repr", "str", "format"}
_BUILTINS = frozenset(name for name in dir(builtins) if not name.startswith("__")) | {"display", "__debug__"}


@dataclass(kw_only=True)
class Analysis:
    """A notebook's statements, what binds each name, and the verdict on each definition.

    Attributes
    ----------
    statements : sequence of Statement
        In order.
    imports : mapping
        Imported name -> its import statements, where it always stands for the same.
    inert : sequence of bool
        Of each statement, whether it only binds names, so that it may as well be run a little earlier or later.
    candidates : mapping
        Name -> the one statement that binds it, a definition or a constant.
    reasons : mapping
        Name -> why its definition stays.
    moved : set of str
        The names whose statements move.
    """

    statements: Sequence[Statement]
    imports: Mapping[str, list[Statement]]
    effects: Effects
    inert: Sequence[bool]
    candidates: Mapping[str, Statement]
    reasons: dict[str, str] = field(default_factory=dict)
    moved: set[str] = field(default_factory=set)

    @cached_property
    def epochs(self) -> Sequence[int]:
        """Of each statement, how many before it are not inert: what moves within an epoch meets the same state."""
        return [0, *itertools.accumulate(not quiet for quiet in self.inert)]

    def ready(self, statement: Statement) -> int:
        """Return the first epoch in which the statement has surely been run."""
        return self.epochs[statement.position] + (not self.inert[statement.position])

    def epoch_needed(self, statement: Statement) -> int:
        """Return the epoch before which the statement cannot be run."""
        epochs = [self.ready(self.imports[name][0]) for name in statement.reads & self.imports.keys()]
        is_timed = self.effects.of(statement) == TIMED
        return max([0, *epochs, *([self.epochs[statement.position]] if is_timed else [])])


def analyse(statements: Sequence[Statement], image: Image) -> Analysis:
    """Decide what moves: only what certainly does the same in a module as in the notebook."""
    binders: dict[str, list[Statement]] = defaultdict(list)
    for statement in statements:
        for name in statement.binds:
            binders[name].append(statement)
    imports, origins = dict[str, list[Statement]](), dict[str, str]()
    for name, binding in binders.items():
        imported = {_origin(name, statement) if statement.is_import else "" for statement in binding}
        if len(imported) == 1 and "" not in imported:
            imports[name], (origins[name],) = binding, imported
    surveyed = effects.survey(statements, origins)
    single = {s.name: s for s in statements if s.name and len(binders[s.name]) == 1}
    candidates = {name: s for name, s in single.items() if isinstance(s.node, Definition) or surveyed.of(s) < EFFECT}
    fixed = {*imports, *candidates, *_BUILTINS}
    inert = [_is_inert(statement, surveyed, fixed, image) for statement in statements]
    analysis = Analysis(statements=statements, imports=imports, effects=surveyed, inert=inert, candidates=candidates)
    _judge(analysis, binders)
    return analysis


def _origin(name: str, statement: Statement) -> str:
    """Return the dotted name that an import binds to ``name``."""
    for node in statement.nodes:
        for alias in node.names if isinstance(node, ast.Import | ast.ImportFrom) else ():
            if isinstance(node, ast.Import) and name == (alias.asname or alias.name.partition(".")[0]):
                return alias.name if alias.asname else name
            if isinstance(node, ast.ImportFrom) and name == (alias.asname or alias.name) and not node.level:
                return f"{node.module}.{alias.name}"
    return ""


def _is_inert(statement: Statement, surveyed: Effects, fixed: set[str], image: Image) -> bool:
    """Return whether running it earlier or later than its neighbours makes no difference to them."""
    if statement.is_import:
        modules = (
            alias.name if isinstance(node, ast.Import) else node.module or ""
            for node in statement.nodes
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        )
        return not statement.may_bind_any and all(
            name.partition(".")[0] in sys.stdlib_module_names or import_names.provided(name, image) for name in modules
        )
    return surveyed.of(statement) < EFFECT and statement.reads_at_once <= fixed


def _judge(analysis: Analysis, binders: Mapping[str, list[Statement]]) -> None:
    """Start from all definitions and constants, and take out what cannot move until the rest can stand alone."""
    reasons, notebook = analysis.reasons, _Notebook.of(analysis.statements)
    for statement in analysis.statements:
        name = statement.name
        if isinstance(statement.node, Definition) or name in analysis.candidates:
            others = dict.fromkeys(str(other.cell + 1) for other in binders[name] if other is not statement)
            again = f"`{name}` is bound more than once: also in cell {', '.join(others)}" if others else ""
            if why := again or notebook.objection(statement) or _own_reason(statement, analysis, notebook):
                reasons[name] = why
        else:
            why = "it stands inside another statement" if statement.is_plain else "it has IPython's syntax in it"
            if statement.text.lstrip().startswith("%%"):
                why = f"its cell is measured or caught by `{statement.text.split(maxsplit=1)[0]}`"
            for definition in statement.definitions:
                reasons.setdefault(definition, why)
    while stays := {
        name: why
        for name, statement in analysis.candidates.items()
        if name not in reasons and (why := _reading(statement, analysis, binders))
    }:
        reasons |= stays
    # What moves: the definitions that can, the constants they read, and those whose name says that they are constant.
    can_move = {name: s for name, s in analysis.candidates.items() if name not in reasons}
    chosen = [n for n, s in can_move.items() if isinstance(s.node, Definition) or (n.isupper() and n.strip("_"))]
    while chosen:
        name = chosen.pop()
        if name not in analysis.moved:
            analysis.moved.add(name)
            chosen += can_move[name].reads & can_move.keys()


@dataclass(frozen=True, kw_only=True)
class _Notebook:
    """What concerns every definition: what may bind any name, what is changed in place, what is printed itself."""

    binder: Statement | None
    future: Statement | None
    mutated: frozenset[str]
    shown: frozenset[str]

    @classmethod
    def of(cls, statements: Sequence[Statement]) -> "_Notebook":
        futures = (s for s in statements for n in s.nodes if isinstance(n, ast.ImportFrom) and n.module == "__future__")
        return cls(
            binder=next((statement for statement in statements if statement.may_bind_any), None),
            future=next(futures, None),
            mutated=frozenset(_mutated(statements)),
            shown=frozenset(_shown(statements)),
        )

    def objection(self, statement: Statement) -> str:
        if self.binder and statement.reads:
            return f"{self.binder.may_bind_any} in cell {self.binder.cell + 1} may bind any name it reads"
        if self.future and self.future.position > statement.position:
            return f"`from __future__` in cell {self.future.cell + 1} comes after it"
        return ""


def _own_reason(statement: Statement, analysis: Analysis, notebook: _Notebook) -> str:
    """Return what of a statement itself keeps it from moving; empty for nothing."""
    name, node = statement.name, statement.node
    declared = {n for part in ast.walk(node) if isinstance(part, ast.Global) for n in part.names} if node else set()
    hidden = sorted(statement.reads & _NOT_IN_A_MODULE - analysis.candidates.keys())
    value = getattr(node, "value", None)
    if declared:
        return f"it rebinds the notebook's {', '.join(f'`{n}`' for n in sorted(declared))}"
    if hidden:
        return f"it uses `{hidden[0]}`, which means something else in a module"
    is_full = bool(getattr(value, "elts", None) or getattr(value, "keys", None))  # an empty one is there to be filled
    if value and (name in notebook.mutated or not (analysis.effects.is_immutable(value) or is_full)):
        return f"`{name}` is changed after it is made"
    if isinstance(node, Definition) and analysis.effects.of(statement) >= EFFECT:
        return "its decorators, defaults, bases or body call what may do more than define it"
    if isinstance(node, Definition) and name in notebook.shown:
        return "it is printed itself, and that names its module"
    return ""


def _mutated(statements: Sequence[Statement]) -> Iterator[str]:
    """Yield names of which something is changed in place."""
    for part in (part for statement in statements for node in statement.nodes for part in ast.walk(node)):
        match part:
            case ast.Subscript(ctx=ast.Store() | ast.Del()) | ast.Attribute(ctx=ast.Store() | ast.Del()):
                yield effects.root(part)
            case ast.Call(func=ast.Attribute(value=value, attr=attr)) if attr in name_lists.names("mutators"):
                yield effects.root(value)


def _shown(statements: Sequence[Statement]) -> Iterator[str]:
    """Yield names that are printed themselves, or with all their attributes."""
    for statement in statements:
        for node in statement.nodes:
            yield from _inspected(node.value) if isinstance(node, ast.Expr) else ()
            for part in ast.walk(node):
                match part:
                    case ast.Call(func=ast.Name(id=function), args=args) if function in _SHOWS:
                        yield from (name for arg in args for name in _inspected(arg))
                    case ast.FormattedValue(value=value):
                        yield from _inspected(value)


def _inspected(node: ast.expr) -> Iterator[str]:
    match node:
        case ast.Call(func=ast.Name(id="vars" | "dir"), args=[ast.Name(id=name)]):
            yield name
        case ast.Name(id=name) | ast.Attribute(value=ast.Name(id=name), attr="__dict__" | "__module__"):
            yield name


def _reading(statement: Statement, analysis: Analysis, binders: Mapping[str, list[Statement]]) -> str:
    """Return why a statement cannot read in a module what it reads in the notebook; empty where it can."""
    for name in sorted(statement.reads - {statement.name}):
        if name not in binders:
            if name not in _BUILTINS:
                return f"it reads `{name}`, which nothing in the notebook defines"
            continue
        first = binders[name][0]
        if name not in analysis.imports and (name not in analysis.candidates or name in analysis.reasons):
            return f"it reads `{name}`, {_explained(name, analysis, binders)}"
        is_late = analysis.ready(first) > analysis.epochs[statement.position]
        if is_late or (name in statement.reads_at_once and first.position > statement.position):
            return f"it reads `{name}`, which only cell {first.cell + 1} defines"
    return ""


def _explained(name: str, analysis: Analysis, binders: Mapping[str, list[Statement]]) -> str:
    first = binders[name][0]
    places = ", ".join(dict.fromkeys(str(binder.cell + 1) for binder in binders[name]))
    if len(binders[name]) > 1:
        return f"which is bound more than once, in cell {places}"
    if isinstance(first.node, Definition):
        return "which stays"
    if name in analysis.reasons:
        return "which is changed after it is made" if "changed" in analysis.reasons[name] else "which stays"
    if first.is_import or not first.is_plain:
        return f"which cell {places} binds"
    return f"which cell {places} computes" if first.name else f"which cell {places} binds in a larger statement"
