"""Names that are used and defined nowhere, by pyflakes' rule."""

import ast
from collections.abc import Iterator

from pyflakes import checker, messages

from kernelwright.check.code.reachability import Call, Code
from kernelwright.check.code.severity import Suspect, check_code
from kernelwright.check.context import Context

_OURS = {"get_ipython", "display", "exit", "quit", "In", "Out", "_", "__", "___", "_ih", "_oh", "_dh", "__file__"}
_DEFINING = {"exec", "globals", "vars", "locals"}
_DEFINING_MAGICS = {"run", "load", "pylab", "store", "sql", "R", "time", "timeit", "capture", "prun", "memit"}


@check_code("undefined")
def undefined(_: Context, code: Code) -> Iterator[Suspect]:
    """Find each name of driver and modules that nothing defines; what may define some silences its file."""
    silenced = {call.site.unit.script for call in code.calls if _may_define(code, call)}
    sites = {(site.unit.script, site.node.lineno, site.node.col_offset): site for site in code.sites[ast.Name]}
    for script in code.scripts.values():
        try:
            reported = [] if script in silenced else checker.Checker(script.tree, builtins=_OURS).messages
        except RecursionError:  # pyflakes goes as deep as the code is nested
            continue
        for message in reported:
            site = sites.get((script, message.lineno, message.col))
            if isinstance(message, messages.UndefinedName) and site:
                text = f"{message.message_args[0]!r} is used and defined nowhere"
                yield Suspect(code="KW404", site=site, message=text, fix="define or import it")


def _may_define(code: Code, call: Call) -> bool:
    is_magic = call.name.startswith("get_ipython().run_") and bool(call.node.args)
    return call.name in _DEFINING or (is_magic and code.text(call.node.args[0], call.site.unit) in _DEFINING_MAGICS)
