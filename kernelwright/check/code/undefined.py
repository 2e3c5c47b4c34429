"""Names that are used and defined nowhere, by ruff's rule F821, which is pyflakes'."""

import ast
import builtins
import json
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from kernelwright.check.code.reachability import Code
from kernelwright.check.code.severity import Suspect, check_code
from kernelwright.check.code.syntax import Script
from kernelwright.check.context import Context
from kernelwright.errors import LinterFailed
from kernelwright.support import programs

_OURS = {"get_ipython", "display", "exit", "quit", "In", "Out", "_", "__", "___", "_ih", "_oh", "_dh", "__file__"}
_DEFINING = {"exec", "globals", "vars", "locals"}
_DEFINING_MAGICS = {"run", "load", "pylab", "store", "sql", "R", "time", "timeit", "capture", "prun", "memit"}
_OPTIONS = [
    *("check", "--quiet", "--isolated", "--no-cache", "--ignore-noqa", "--exit-zero", "--select=F821"),
    "--no-respect-gitignore",  # the folder for temporary files may lie in a repository that ignores it
    *("--target-version=py311", "--output-format=json", f"--config=builtins={sorted(_OURS | {*dir(builtins)})}"),
]
_STACK_BYTES = 500_000_000  # code may be nested as deep as Python's parser goes; only what is used of it is taken


@check_code("undefined")
def undefined(_: Context, code: Code) -> Iterator[Suspect]:
    """Find each name of driver and modules that nothing defines; what may define some silences its file."""
    magics = (call for call in code.calls if call.name.startswith("get_ipython().run_") and call.node.args)
    defining = [call for call in code.calls if call.name in _DEFINING]
    defining += [call for call in magics if code.text(call.node.args[0]) in _DEFINING_MAGICS]
    silenced = {code.script(call.node) for call in defining}
    names = _reported([script for script in code.scripts.values() if script.python and script not in silenced])
    for node in code.nodes[ast.Name] if names else ():
        if isinstance(node, ast.Name) and (code.script(node), node.lineno, node.id) in names and code.may_run(node):
            text = f"{node.id!r} is used and defined nowhere"
            yield Suspect(code="KW404", node=node, message=text, fix="define or import it")


def _reported(scripts: Sequence[Script]) -> set[tuple[Script, int, str]]:
    """Return which names ruff reports: the script, the line and the name."""
    with tempfile.TemporaryDirectory(prefix="kernelwright-") as folder:
        for number, script in enumerate(scripts):  # the text that was parsed: IPython's syntax is replaced in it
            Path(folder, f"{number}.py").write_bytes(script.python.encode())
        reports = json.loads(_ruff(folder))
    named = ((report, re.fullmatch("Undefined name `(.+)`.*", report["message"])) for report in reports)
    # A syntax newer than the target is reported too.
    return {(scripts[int(Path(r["filename"]).stem)], r["location"]["row"], match[1]) for r, match in named if match}


def _ruff(folder: str) -> str:
    executable = programs.find("ruff")
    if executable is None:
        raise LinterFailed("ruff is not installed; it finds undefined names: pip install ruff")
    variables = {name: value for name, value in os.environ.items() if not name.startswith("RUFF_")}
    variables["RUST_MIN_STACK"] = str(_STACK_BYTES)
    command = [str(executable), *_OPTIONS, folder]
    done = subprocess.run(command, env=variables, capture_output=True, encoding="utf-8", check=False)
    if done.returncode:
        raise LinterFailed(f"ruff exited with {done.returncode}: {done.stderr.strip()}")
    return done.stdout
