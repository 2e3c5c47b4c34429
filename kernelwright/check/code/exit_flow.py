"""Whether the submission is written by the time the driver's run is ended, seen from where the end is reached."""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

from kernelwright.check.code import submission_writes
from kernelwright.check.code.branches import Code
from kernelwright.check.code.call import Asked
from kernelwright.check.code.submission_writes import Function, Writers

LATER = "ends the run here: a later cell that writes the submission is not reached"
PASSED_ON = "ends the run where its function is called, and only the run knows where that is"
WITHOUT = "ends the run, and nothing before is seen to write the submission: Kaggle skips what follows"
BEFORE = "ends the run before the submission: Kaggle skips the cells that follow"
_BY_GRAVITY = ("", LATER, PASSED_ON, WITHOUT, BEFORE)

Node = ast.expr | ast.stmt
Place = tuple[int, int, int]
"""The index of a cell, and a line and a column in it."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A cell of the driver, with where it writes the submission: itself, not in a function it defines."""

    index: int
    code: Code
    writers: Writers

    @cached_property
    def functions(self) -> Mapping[int, Function]:
        """The innermost function about each node, by the node's id."""
        return submission_writes.functions(self.code.script.tree)

    @cached_property
    def guarded(self) -> frozenset[int]:
        """The ids of the nodes that only run under a condition."""
        branches = (node for node in self.code.script.nodes if isinstance(node, ast.If))
        statements = (part for one in branches for part in (*one.body, *one.orelse))
        return frozenset(id(node) for part in statements for node in ast.walk(part))

    @cached_property
    def writes(self) -> Sequence[Place]:
        """Where the submission is written."""
        calls = [call for call in self.code.calls() if id(call) not in self.functions]
        places = [(self.index, *_start(call)) for call in calls if self.writers.writes(self.code, call)]
        for number, line in self.code.magics:
            if any(PurePosixPath(word).name == self.writers.file for word in re.split(r"[\s\"'=>]+", line)):
                places.append((self.index, number, 0))
        return places

    @cached_property
    def called(self) -> Sequence[tuple[ast.Call, set[str]]]:
        """The calls, each with the bare names of the project's functions that it may mean."""
        return [(call, self._own(call)) for call in self.code.calls()]

    def _own(self, call: ast.Call) -> set[str]:
        names = self.code.scope.names(call.func)
        return self.writers.own([Asked(name=name, node=call, scope=self.code.scope) for name in names])

    def inner_writes(self, function: Function) -> Iterator[tuple[int, int]]:
        """Yield where a function writes the submission."""
        for part in ast.walk(function):
            if isinstance(part, ast.Call) and self.writers.writes(self.code, part):
                yield _start(part)


@dataclass(frozen=True, kw_only=True)
class Driver:
    """All cells, in order."""

    cells: Sequence[Cell]

    def problem(self, cell: Cell, node: Node) -> str:
        """Return the gravest thing wrong with an end of the run, judged where it is reached; empty for nothing."""
        waiting, seen, told = [(cell, node, False)], set[str](), [""]
        while waiting:
            where, at, guarded = waiting.pop()
            guarded = guarded or id(at) in where.guarded
            function = where.functions.get(id(at))
            if function is None:
                told.append(self._at_top(where, at, guarded=guarded))
            elif function.name not in seen and not any(one < _end(at) for one in where.inner_writes(function)):
                seen.add(function.name)
                callers = list(self._callers(function.name))
                told.append(self._in_function(where, function, is_called=bool(callers)))
                waiting += [(caller, call, guarded) for caller, call in callers]
        return max(told, key=_BY_GRAVITY.index)

    def _at_top(self, cell: Cell, node: Node, *, guarded: bool) -> str:
        """Judge an end outside all functions; what is within it is done before."""
        at = (cell.index, *_end(node))
        places = [place for one in self.cells for place in one.writes]
        if any(place > at for place in places):
            is_written = any(place < at for place in places)
            return BEFORE if not is_written else "" if guarded else LATER
        return WITHOUT if not places and self._goes_on(at) else ""

    def _in_function(self, cell: Cell, function: Function, *, is_called: bool) -> str:
        """Judge what a function leaves undone itself; one that is never called leaves nothing undone."""
        if is_called:
            return BEFORE if any(cell.inner_writes(function)) else ""
        nodes = (node for one in self.cells for node in one.code.script.nodes)
        named = (getattr(node, "id", getattr(node, "attr", "")) for node in nodes)
        return PASSED_ON if function.name in named else ""

    def _callers(self, name: str) -> Iterator[tuple[Cell, ast.Call]]:
        for cell in self.cells:
            yield from ((cell, call) for call, names in cell.called if name in names)

    def _goes_on(self, at: Place) -> bool:
        """Tell whether any statement follows, in the cell or a later one."""
        for one in self.cells:
            for node in one.code.script.nodes:
                if isinstance(node, ast.stmt) and not isinstance(node, ast.Pass) and (one.index, node.lineno) > at[:2]:
                    return True
        return False


def _start(node: Node) -> tuple[int, int]:
    return node.lineno, node.col_offset


def _end(node: Node) -> tuple[int, int]:
    return node.end_lineno or 0, node.end_col_offset or 0
