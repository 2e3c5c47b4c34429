"""Turn the suspects of a code check into findings: an error if the code certainly runs, otherwise a warning."""

import ast
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from kernelwright import codes
from kernelwright.check.code import syntax
from kernelwright.check.code.reachability import Code
from kernelwright.check.code.values import UNKNOWN
from kernelwright.check.context import Context
from kernelwright.check.finding import Finding, Severity
from kernelwright.check.registry import register
from kernelwright.check.suppression import ALLOW

_SHOWN = 6


@dataclass(frozen=True, kw_only=True)
class Suspect:
    """Something wrong in the code, if that code runs. ``is_certain`` is False if it may be right after all."""

    code: str
    node: ast.expr | ast.stmt
    message: str
    fix: str
    is_certain: bool = True


def check_code(name: str) -> Callable[[Callable[[Context, Code], Iterable[Suspect]]], None]:
    """Register the decorated function, which yields suspects, as a check of the code."""

    def add(find: Callable[[Context, Code], Iterable[Suspect]]) -> None:
        @register(name, Context)
        def check(context: Context) -> Iterator[Finding]:
            code = context.shared(analyse)
            return _judge(code, find(context, code))

    return add


def analyse(context: Context) -> Code:
    """Analyse the code of a notebook. Call it through ``context.shared``, so that all checks share one analysis."""
    return Code(syntax.scripts(context), context.built.tree.placement.folder)


def _judge(code: Code, suspects: Iterable[Suspect]) -> Iterator[Finding]:
    """Yield an error for each suspect that certainly runs; group the others into warnings by file, code and reason."""
    uncertain: dict[tuple[str, str, str, str], dict[str, int]] = defaultdict(dict)
    errors = set[tuple[str, str]]()
    for suspect in suspects:
        file, line = code.script(suspect.node).file, suspect.node.lineno
        # UNKNOWN is a NUL: as it is, and escaped where a message shows the repr of a text.
        message, doubt = suspect.message.replace(UNKNOWN, "…").replace(r"\x00", "…"), code.doubt(suspect.node)
        if doubt or not suspect.is_certain or codes.table()[suspect.code].severity != Severity.error:
            uncertain[file, suspect.code, doubt, suspect.fix].setdefault(message, line)
        elif (file, message) not in errors:
            errors.add((file, message))
            fix = f"{suspect.fix}, or end the line with  # {ALLOW}"
            yield Finding(code=suspect.code, file=file, place=line, message=message, fix=fix)
    for (file, number, doubt, fix), lines in uncertain.items():
        shown = [*lines][:_SHOWN] + ([f"and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else [])
        message = "; ".join(shown) + (f" (only a warning: {doubt})" if doubt else "")
        ways_out = f"{fix}; or narrow sources, or exclude the file" if doubt else fix
        place, severity = min(lines.values()), Severity.warning
        yield Finding(code=number, file=file, place=place, message=message, fix=ways_out, severity=severity)


@cache
def table(name: str) -> dict[str, Any]:
    """Read ``name.toml`` in this folder."""
    return tomllib.loads(resources.files("kernelwright.check.code").joinpath(f"{name}.toml").read_text("utf-8"))
