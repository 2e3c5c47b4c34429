"""Decide which of a notebook's definitions move into modules, and why the others stay."""

import ast
import builtins
import itertools
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property

from kernelwright.adopt.effects import EFFECT, TIMED, Effects
from kernelwright.adopt.statements import Definition, Statement
from kernelwright.image import import_names
from kernelwright.image.kaggle_image import Image

_NOT_IN_A_MODULE = {"__name__", "__file__", "eval", "exec", "globals", "locals", "vars", "get_ipython", "exit", "quit"}
# Names beginning with __ are the module's own, except __debug__. `display` is IPython's: a module imports it.
_BUILTINS = frozenset(name for name in dir(builtins) if not name.startswith("__")) | {"display", "__debug__"}


@dataclass(frozen=True, kw_only=True)
class Analysis:
    """A notebook's statements, and for each definition whether it moves.

    Attributes
    ----------
    statements : sequence of Statement
        The statements in order.
    image : Image
        Kaggle's image. Importing its libraries is assumed only to define names.
    keep_cells : bool
        Whether nothing moves.
    """

    statements: Sequence[Statement]
    image: Image
    keep_cells: bool = False

    @cached_property
    def binders(self) -> Mapping[str, Sequence[Statement]]:
        """Name -> the statements that bind it."""
        binders: dict[str, list[Statement]] = defaultdict(list)
        for statement in self.statements:
            for name in statement.binds:
                binders[name].append(statement)
        return dict(binders)

    @cached_property
    def effects(self) -> Effects:
        """The effects of this notebook's code. Its origins are the imported names that stand for one thing only."""
        origins = {}
        for name, binders in self.binders.items():
            imported = {origin for statement in binders for bound, origin, _ in statement.imports if bound == name}
            if len(imported) == 1 and "" not in imported and all(statement.is_import for statement in binders):
                (origins[name],) = imported
        return Effects(statements=self.statements, binders=self.binders, origins=origins)

    @cached_property
    def candidates(self) -> Mapping[str, Statement]:
        """Name -> the only statement that binds it, if that is a definition or a constant."""
        return {
            statement.name: statement
            for statement in self.statements
            if statement.name in self.effects.single
            and (isinstance(statement.node, Definition) or self.effects.of(statement) < EFFECT)
        }

    @cached_property
    def inert(self) -> Sequence[bool]:
        """For each statement, whether it only binds names and so can run a little earlier or later."""
        fixed = {*self.effects.origins, *self.candidates, *_BUILTINS}
        return [
            self._is_inert_import(statement)
            if statement.is_import
            else self.effects.of(statement) < EFFECT and statement.reads_at_once <= fixed
            for statement in self.statements
        ]

    def _is_inert_import(self, statement: Statement) -> bool:
        """Return whether it imports only from the standard library and the image; other modules may do anything."""
        modules = {module for _, _, module in statement.imports}
        foreign = (module for module in modules if module.partition(".")[0] not in sys.stdlib_module_names)
        return not statement.may_bind_any and all(import_names.provided(name, self.image) for name in foreign)

    @cached_property
    def epochs(self) -> Sequence[int]:
        """For each statement, the number of statements before it that are not inert.

        A statement can move within its epoch, because the notebook's state is the same throughout.
        """
        # One more entry than statements: the last one is never asked for.
        return [0, *itertools.accumulate(not quiet for quiet in self.inert)]

    def ready(self, statement: Statement) -> int:
        """Return the first epoch in which the statement has certainly run."""
        return self.epochs[statement.position] + (not self.inert[statement.position])

    def epoch_needed(self, statement: Statement) -> int:
        """Return the first epoch in which the statement can run."""
        imported = statement.reads & self.effects.origins.keys()
        is_timed = self.effects.of(statement) == TIMED
        own = self.epochs[statement.position] if is_timed else 0
        return max([own, *(self.ready(self.binders[name][0]) for name in imported)])

    @cached_property
    def reasons(self) -> Mapping[str, str]:
        """Name -> why its definition stays.

        First come the definitions that stay for reasons of their own. Then those that read a definition that stays,
        again and again until no further one is found.
        """
        reasons: dict[str, str] = {}
        for statement in self.statements:
            if isinstance(statement.node, Definition) or statement.name in self.candidates:
                if why := next(self._own_reasons(statement), ""):
                    reasons[statement.name] = why
                continue
            why = "it stands inside another statement" if statement.is_plain else "it has IPython's syntax in it"
            if statement.text.lstrip().startswith("%%"):
                why = f"its cell is measured or caught by `{statement.text.split(maxsplit=1)[0]}`"
            for definition in statement.definitions:
                reasons.setdefault(definition, why)
        while stays := {
            name: why
            for name, statement in self.candidates.items()
            if name not in reasons and (why := self._unavailable(statement, reasons))
        }:
            reasons |= stays
        return reasons

    @cached_property
    def moved(self) -> AbstractSet[str]:
        """The names whose statements move: definitions, constants that they read, and constants in capitals."""
        can_move = {name: s for name, s in self.candidates.items() if name not in self.reasons}
        chosen = [n for n, s in can_move.items() if isinstance(s.node, Definition) or (n.isupper() and n.strip("_"))]
        moved = set[str]()
        while chosen and not self.keep_cells:
            name = chosen.pop()
            if name not in moved:
                moved.add(name)
                chosen += can_move[name].reads & can_move.keys()
        return moved

    def _own_reasons(self, statement: Statement) -> Iterator[str]:
        """Yield the reasons why a statement stays that do not depend on whether those it reads move."""
        name, node = statement.name, statement.node
        others = dict.fromkeys(str(other.cell + 1) for other in self.binders[name] if other is not statement)
        if others:
            yield f"`{name}` is bound more than once: also in cell {', '.join(others)}"
        if statement.reads and self._binder:
            yield f"{self._binder.may_bind_any} in cell {self._binder.cell + 1} may bind any name it reads"
        if self._future and self._future.position > statement.position:
            yield f"`from __future__` in cell {self._future.cell + 1} comes after it"
        if rebound := statement.uses.get("rebound"):
            yield f"it rebinds the notebook's {', '.join(f'`{n}`' for n in sorted(rebound))}"
        if hidden := sorted(statement.reads & _NOT_IN_A_MODULE - self.candidates.keys()):
            yield f"it uses `{hidden[0]}`, which means something else in a module"
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value:
            # An empty list or dictionary is meant to be filled later.
            is_full = bool(getattr(node.value, "elts", None) or getattr(node.value, "keys", None))
            changed = self.effects.used["patched"] | self.effects.used["mutated"]
            if name in changed or not (is_full or self.effects.is_immutable(node.value)):
                yield f"`{name}` is changed after it is made"
        elif self.effects.of(statement) == EFFECT:
            yield "its decorators, defaults, bases or body call what may do more than define it"
        elif name in self.effects.used["shown"]:
            yield "it is printed itself, and that names its module"

    def _unavailable(self, statement: Statement, reasons: Mapping[str, str]) -> str:
        """Return why a statement in a module could not read a name as it does in the notebook; empty if it could."""
        for name in sorted(statement.reads - {statement.name}):
            if name not in self.binders:
                if name not in _BUILTINS:
                    return f"it reads `{name}`, which nothing in the notebook defines"
                continue
            first = self.binders[name][0]
            if name not in self.effects.origins and (name not in self.candidates or name in reasons):
                return f"it reads `{name}`, {self._not_movable(name, reasons)}"
            # Between the two, code may call the statement's definition before the name exists.
            is_late = self.ready(first) > self.epochs[statement.position]
            if is_late or (name in statement.reads_at_once and first.position > statement.position):
                return f"it reads `{name}`, which only cell {first.cell + 1} defines"
        return ""

    def _not_movable(self, name: str, reasons: Mapping[str, str]) -> str:
        first, *others = self.binders[name]
        cells = ", ".join(dict.fromkeys(str(binder.cell + 1) for binder in self.binders[name]))
        if others:
            return f"which is bound more than once, in cell {cells}"
        if isinstance(first.node, Definition):
            return "which stays"
        if name in reasons:
            return "which is changed after it is made" if "changed" in reasons[name] else "which stays"
        if first.is_import or not first.is_plain:
            return f"which cell {cells} binds"
        return f"which cell {cells} computes" if first.name else f"which cell {cells} binds in a larger statement"

    @cached_property
    def _binder(self) -> Statement | None:
        return next((statement for statement in self.statements if statement.may_bind_any), None)

    @cached_property
    def _future(self) -> Statement | None:
        futures = (s for s in self.statements if any(module == "__future__" for _, _, module in s.imports))
        return next(futures, None)
