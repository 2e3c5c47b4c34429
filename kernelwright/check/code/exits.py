"""What ends the run while the submission is still to be made: Kaggle skips the rest without a word."""

import ast
import re
from collections.abc import Iterator

from kernelwright.check.code import exit_flow, submission_writes, symbols
from kernelwright.check.code.branches import Code
from kernelwright.check.code.call import Asked
from kernelwright.check.code.exit_flow import Cell, Driver
from kernelwright.check.context import Context
from kernelwright.check.finding import Finding, Severity
from kernelwright.check.locations import is_own
from kernelwright.check.registry import register
from kernelwright.check.suppression import ALLOW

_ENDING = re.compile(
    r"sys\.exit|(builtins\.)?(exit|quit)|os\.(_exit|abort|killpg|exec\w+)|(absl|tensorflow\.compat\.v1)\.app\.run"
    r"|(.*\.)?get_ipython\(\)\.ask_exit|.*\.do_shutdown|signal\.raise_signal|_thread\.interrupt_main"
)
_RAISED = {"SystemExit", "KeyboardInterrupt", "builtins.SystemExit", "builtins.KeyboardInterrupt"}
_SELF = {"os.getpid", "os.getppid"}
_IN_MODULE = "would end the notebook, and with status 0 without a word"


@register("exit", Context)
def exits(context: Context) -> Iterator[Finding]:
    """Check each end of the run; one that leaves a kernel of no competition unfinished is a warning."""
    code, competes = context.shared(symbols.read), bool(context.project.metadata.competition_sources)
    modules = frozenset(
        file.module.partition(".")[0] for file in context.built.tree.files if file.module and is_own(file)
    )
    writers = submission_writes.find(code, context.project.configuration.submission[0], modules)
    own = [one for one in code if one.script.is_driver]
    driver = Driver(cells=[Cell(index=index, code=one, writers=writers) for index, one in enumerate(own)])
    for cell in driver.cells:
        for node in _ends(cell.code):
            if problem := driver.problem(cell, node):
                grave = problem == exit_flow.BEFORE or (competes and problem == exit_flow.WITHOUT)
                yield _found(cell.code, node, problem, Severity.error if grave else Severity.warning)
    for one in code:
        if not one.script.is_driver:
            yield from (_found(one, node, _IN_MODULE, Severity.warning) for node in _ends(one))


def _ends(code: Code) -> Iterator[ast.expr | ast.stmt]:
    for node in code.running:
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
    fix = f"branch instead, raise an error, or end the line with  # {ALLOW}"
    return Finding(
        code="", severity=severity, file=code.script.file, place=code.script.at(node.lineno), message=problem, fix=fix
    )
