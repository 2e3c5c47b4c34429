"""Determine which code certainly runs, by following imports and calls by name from the driver's cells."""

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from kernelwright.check.code.syntax import DRIVER, Script
from kernelwright.check.code.values import EITHER, UNKNOWN, Values
from kernelwright.check.code.walk import DEAD, NOT_CALLED, TRY, Unit

# Calling a class runs these methods.
_RUN_AT_ONCE = ("__init__", "__new__", "__post_init__")
_NOT_IMPORTED = "nothing that certainly runs imports the file"


class Call(NamedTuple):
    """A call, and the dotted name of what is called."""

    node: ast.Call
    name: str


class Code(Values):
    """All scripts, with the units that are certainly reached.

    Attributes
    ----------
    calls : list of Call
        The calls that may run and have no suppression comment.
    """

    def __init__(self, scripts: Iterable[Script], folder: str = "") -> None:
        """Read the scripts; ``folder`` is the folder of the tree from which the driver imports modules by bare name."""
        # Such a module can be imported by its bare name and by its dotted name from the top of the tree. Without a
        # folder, the prefix is one that no name begins with.
        self._prefix = f"{folder.replace('/', '.')}." if folder else UNKNOWN
        super().__init__(scripts, self._prefix)
        self._certain = self._reach()
        nodes = (node for node in self.nodes[ast.Call] if isinstance(node, ast.Call) and self.may_run(node))
        self.calls = [Call(node, self.resolve(node.func)) for node in nodes]

    def _reach(self) -> set[Unit]:
        """Return the units that certainly run."""
        within = defaultdict(list)
        for node in (*self.nodes[ast.Call], *self.imported):
            within[self.places[node].unit].append(node)
        reached, waiting = set[Unit](), [*self.units[DRIVER]]
        while waiting:
            unit = waiting.pop()
            if unit not in reached:
                reached.add(unit)
                for node in within[unit]:
                    waiting += self._targets(node) if not self._condition(node) else ()
        return reached

    def _targets(self, node: ast.expr | ast.stmt) -> Iterator[Unit]:
        """Yield the units that a call by name or an import runs."""
        if isinstance(node, ast.Call):
            name = self.resolve(node.func)
            names = [f"{name}.{method}" for method in _RUN_AT_ONCE] if self.is_class(name) else [name]
            yield from (unit for name in names for unit in self.units.get(name, ()) if unit.node)
            return
        for name in self.imported[node].names:
            parts = name.removeprefix(self._prefix).split(".")
            above = (".".join(parts[:count]) for count in range(1, len(parts) + 1))  # parent packages run too
            yield from (unit for module in above if module in self.scripts for unit in self.units[module])

    def _condition(self, node: ast.AST) -> str:
        """Return why a node may not run if its unit runs: empty if it certainly does, `DEAD` if it never does."""
        doubt = ""
        for reason, test, wanted in self.conditions(node):
            truth = self.truth(test) if test else None
            if reason == DEAD or truth is (not wanted):
                return DEAD
            # A test for the rerun is true in one of the two runs, so both branches certainly run.
            is_certain = test and (truth is wanted or self.fold(test) == EITHER)
            doubt = doubt if is_certain else reason
        return doubt

    def doubt(self, node: ast.AST) -> str:
        """Return why a node may not run; empty if it certainly does."""
        unit = self.places[node].unit
        if unit not in self._certain:
            return NOT_CALLED if unit.node else _NOT_IMPORTED
        return self._condition(node)

    def may_run(self, node: ast.expr | ast.stmt) -> bool:
        """Return whether a node may run and has no suppression comment."""
        return self._condition(node) != DEAD and not self.script(node).allows(node)

    def is_tried(self, node: ast.AST) -> bool:
        """Return whether a node is in a ``try`` that continues if it fails."""
        return any(condition.reason == TRY for condition in self.conditions(node))

    def mentions(self, *words: str) -> bool:
        """Return whether the code contains any of the words."""
        return any(word in script.text for script in self.scripts.values() for word in words)
