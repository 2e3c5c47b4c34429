"""What ends the run while the submission is still to be made: Kaggle skips the rest without a word."""

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from kernelwright.preflight import submitting
from kernelwright.preflight.asked import Asked
from kernelwright.preflight.findings import Finding, Severity
from kernelwright.preflight.reading import Code
from kernelwright.preflight.scripts import ALLOWED
from kernelwright.preflight.submitting import Writers

_ENDING = re.compile(
    r"sys\.exit|(builtins\.)?(exit|quit)|os\.(_exit|abort|killpg|exec\w+)|(absl|tensorflow\.compat\.v1)\.app\.run"
    r"|(.*\.)?get_ipython\(\)\.ask_exit|.*\.do_shutdown|signal\.raise_signal|_thread\.interrupt_main"
)
_RAISED = {"SystemExit", "KeyboardInterrupt", "builtins.SystemExit", "builtins.KeyboardInterrupt"}
_SELF = {"os.getpid", "os.getppid"}
_BEFORE = "ends the run before the submission: Kaggle skips the cells that follow"
_WITHOUT = "ends the run, and nothing before is seen to write the submission: Kaggle skips what follows"
_IN_MODULE = "would end the notebook, and with status 0 without a word"

Place = tuple[int, int, int]
"""The index of a cell, and a line and a column in it."""


@dataclass(frozen=True, kw_only=True)
class _Cell:
    """A cell of the driver, with where it writes the submission: itself, not in a function it defines."""

    index: int
    code: Code
    writes: tuple[Place, ...]


def check(code: Sequence[Code], writers: Writers, *, competes: bool) -> Iterator[Finding]:
    """Check each end of the run; one that leaves a kernel of no competition unfinished is a warning."""
    driver = [one for one in code if one.script.is_driver]
    cells = [_cell(index, one, writers) for index, one in enumerate(driver)]
    for cell in cells:
        for node in _ends(cell.code):
            if problem := _problem(cells, cell, node, writers):
                grave = competes or problem == _BEFORE
                yield _found(cell.code, node, problem, Severity.error if grave else Severity.warning)
    for one in code:
        if not one.script.is_driver:
            yield from (_found(one, node, _IN_MODULE, Severity.warning) for node in _ends(one))


def _cell(index: int, code: Code, writers: Writers) -> _Cell:
    within = submitting.functions(code.script.tree)
    calls = (node for node in code.script.running() if isinstance(node, ast.Call) and id(node) not in within)
    places = [(index, call.lineno, call.col_offset) for call in calls if writers.writes(code, call)]
    for number, line in code.script.magics:
        if any(PurePosixPath(word).name == writers.file for word in re.split(r"[\s\"'=>]+", line)):
            places.append((index, number, 0))
    return _Cell(index=index, code=code, writes=tuple(places))


def _problem(cells: Sequence[_Cell], cell: _Cell, node: ast.expr | ast.stmt, writers: Writers) -> str:
    """Return what is wrong with an end of the run, empty if the submission is written by then."""
    at = (cell.index, node.end_lineno or 0, node.end_col_offset or 0)  # what is within it is done before
    function = submitting.functions(cell.code.script.tree).get(id(node))
    inner = [part for part in ast.walk(function) if isinstance(part, ast.Call)] if function else []
    if any((part.lineno, part.col_offset) < at[1:] and writers.writes(cell.code, part) for part in inner):
        return ""
    places = [place for one in cells for place in one.writes]
    if any(place > at for place in places) or any(writers.writes(cell.code, part) for part in inner):
        return _BEFORE
    return _WITHOUT if not places and _goes_on(cells, at) else ""


def _goes_on(cells: Sequence[_Cell], at: Place) -> bool:
    """Tell whether any statement follows, in the cell or a later one."""
    for one in cells:
        for node in ast.walk(one.code.script.tree):
            if isinstance(node, ast.stmt) and not isinstance(node, ast.Pass) and (one.index, node.lineno) > at[:2]:
                return True
    return False


def _ends(code: Code) -> Iterator[ast.expr | ast.stmt]:
    for node in code.script.running():
        match node:
            case ast.Call() if _is_end(code, node) and not code.script.vouches(node):
                yield node
            case ast.Expr(value=ast.Name() as name) if code.script.is_driver and not code.script.vouches(node):
                if {"exit", "quit"}.intersection(code.scope.names(name)):  # IPython calls these by their bare names
                    yield node
            case ast.Raise(exc=ast.expr() as raised) if not code.script.vouches(node):
                if _RAISED.intersection(code.scope.names(raised.func if isinstance(raised, ast.Call) else raised)):
                    yield node


def _is_end(code: Code, call: ast.Call) -> bool:
    names = code.scope.names(call.func)
    if "os.kill" in names:
        first = code.scope.meant(call.args[0]) if call.args else None
        return isinstance(first, ast.Call) and bool(_SELF.intersection(code.scope.names(first.func)))
    if "unittest.main" in names:
        return not Asked(name=names[0], node=call, scope=code.scope).is_false("exit")
    return any(map(_ENDING.fullmatch, names))


def _found(code: Code, node: ast.expr | ast.stmt, problem: str, severity: Severity) -> Finding:
    fix = f"branch instead, raise an error, or end the line with  # {ALLOWED}"
    return Finding(check="exit", severity=severity, place=code.script.place(node.lineno), problem=problem, fix=fix)
