"""What in the code needs the network, in a notebook that runs without."""

import re
from collections.abc import Iterator

from kernelwright.check import secrets
from kernelwright.check.code import shell, symbols
from kernelwright.check.code.branches import Code
from kernelwright.check.code.call import Asked
from kernelwright.check.code.download_table import ALWAYS, CACHED, RULES
from kernelwright.check.code.offline_settings import finds_here
from kernelwright.check.code.source import Script
from kernelwright.check.context import Context
from kernelwright.check.finding import Finding
from kernelwright.check.registry import register
from kernelwright.check.suppression import ALLOW

_CALLING = re.compile(r"i?map\w*|starmap\w*|submit|partial|apply\w*|Thread|Process|Timer|to_thread|run_in_executor")

_CARRY = "carry it in a dataset and attach that"
_PIP = "add --no-index, and --find-links with the folder of an attached dataset"


@register("network", Context)
def network(context: Context) -> Iterator[Finding]:
    """Check the commands and the calls of a notebook whose internet is off."""
    for one in context.shared(symbols.read) if not context.project.metadata.enable_internet else ():
        for number, line in one.magics:
            needed = shell.fetches(line)
            if needed and not (needed == shell.PIP and _has_no_index(one, line)):
                yield _found(one.script, number, line.strip(), _PIP if needed == shell.PIP else _CARRY)
        for call in one.calls():
            asked = (Asked(name=name, node=call, scope=one.scope) for name in one.scope.names(call.func) or [""])
            if what := next(filter(None, map(_needs, asked)), ""):
                yield _found(one.script, call.lineno, what, _PIP if what == shell.PIP else _CARRY)


def _has_no_index(code: Code, line: str) -> bool:
    """Tell whether a variable keeps pip here: one of the notebook's, or of the line, or of a cell of the shell's."""
    within = code.script.text if code.script.text.startswith("%%") else line
    return "pip" in code.scope.everywhere.silenced or shell.keeps_pip_here(within)


def _needs(asked: Asked) -> str:
    """Return how a call would use the network, empty if it does not."""
    if ALWAYS.fullmatch(asked.name) and not asked.is_local:
        return f"{asked.name}()"
    rules = RULES if finds_here(asked) else CACHED + RULES
    told = (rule(asked) for pattern, rule in rules if re.fullmatch(pattern, asked.name))
    return next(filter(None, told), "") or _passed_on(asked)


def _passed_on(asked: Asked) -> str:
    """Return what is given to another call to be called there: ``pool.map(requests.get, addresses)``."""
    given = [*asked.node.args, *(word.value for word in asked.node.keywords)] if _CALLING.fullmatch(asked.last) else []
    names = (name for one in given for name in asked.scope.names(one) if ALWAYS.fullmatch(name))
    return next((f"{name}()" for name in names), "")


def _found(script: Script, number: int, what: str, fix: str) -> Finding:
    return Finding(
        code="",
        file=script.file,
        place=script.at(number),
        message=f"{secrets.masked(what)} needs the network, and enable_internet is off",
        fix=f"{fix}, or end the line with  # {ALLOW}",
    )
