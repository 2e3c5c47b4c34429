"""Calls that run a command: which command, and whether it needs the network."""

import ast
import shlex

from kernelwright.check.code import shell
from kernelwright.check.code.call import Asked
from kernelwright.check.code.evaluate import UNKNOWN, spelling

_DEEPEST = 4
_PIP = ("pip.main", "pip._internal")
PROGRAMS = (
    r"subprocess\.(run|call|check_call|check_output|Popen|getoutput|getstatusoutput)"
    r"|os\.(system|popen|exec\w+|spawn\w+|posix_spawnp?)|pexpect\.\w+|asyncio\.create_subprocess_\w+"
    r"|(.*\.)?get_ipython\(\)\.(system|system_raw|system_piped|getoutput|run_line_magic|run_cell_magic|run_cell|magic)"
    r"|pip\.main|pip\._internal\.(\w+\.)*main"
)


def needs(asked: Asked) -> str:
    """Return what a command that is run needs of the network, empty for nothing."""
    line = _line(asked)
    found = shell.fetches(f"pip {line}" if asked.name.startswith(_PIP) else line)
    if found == shell.PIP:
        return "" if "pip" in asked.scope.everywhere.silenced or shell.keeps_pip_here(line) else found
    return f"{asked.name}() of {found}" if found else ""


def _line(asked: Asked) -> str:
    given = asked.node.args or [keyword.value for keyword in asked.node.keywords if keyword.arg in {"args", "cmd"}]
    return " ".join(_told(part, asked) for part in given)


def _told(node: ast.expr, asked: Asked) -> str:
    """Return a command as a shell would be given it, whether it is a text or a list of words."""
    meant = asked.scope.meant(node)
    if isinstance(meant, ast.Call) and spelling(meant.func) == "shlex.split" and meant.args:
        meant = meant.args[0]
    elif isinstance(meant, ast.Call) and isinstance(meant.func, ast.Attribute) and meant.func.attr == "split":
        meant = meant.func.value
    words = _words(meant, asked) if meant else None
    return shlex.join(words) if words is not None else asked.scope.text(meant) or UNKNOWN


def _words(node: ast.expr, asked: Asked, depth: int = 0) -> list[str] | None:
    """Return the words of a list, None for what is none; a list may be made of others, even of itself."""
    meant = asked.scope.meant(node)
    if depth > _DEEPEST:
        return [UNKNOWN]
    if isinstance(meant, ast.Starred):
        return _words(meant.value, asked, depth + 1)
    if isinstance(meant, ast.List | ast.Tuple):
        parts = ((_words(part, asked, depth + 1), part) for part in meant.elts)
        return [word for words, part in parts for word in words or [asked.scope.text(part) or UNKNOWN]]
    if isinstance(meant, ast.BinOp):
        sides = [_words(side, asked, depth + 1) for side in (meant.left, meant.right)]
        if any(side is not None for side in sides):
            return [word for side in sides for word in side or [UNKNOWN]]
    return None
