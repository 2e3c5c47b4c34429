"""Find names that are used but defined nowhere, with ruff's rule F821, which comes from pyflakes."""

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

# Names that the notebook's code has besides Python's builtins.
_OURS = {"get_ipython", "display", "exit", "quit", "In", "Out", "_", "__", "___", "_ih", "_oh", "_dh", "__file__"}
_DEFINING = {"exec", "globals", "vars", "locals"}
_DEFINING_MAGICS = {"run", "load", "pylab", "store", "sql", "R", "time", "timeit", "capture", "prun", "memit"}
_OPTIONS = [
    *("check", "--quiet", "--isolated", "--no-cache", "--ignore-noqa", "--exit-zero", "--select=F821"),
    "--no-respect-gitignore",  # the folder for temporary files may lie in a repository that ignores it
    *("--target-version=py311", "--output-format=json", f"--config=builtins={sorted(_OURS | {*dir(builtins)})}"),
]
# ruff must take code as deeply nested as Python's parser does. Memory is used only as far as the stack grows.
_STACK_BYTES = 500_000_000


@check_code("undefined")
def undefined(_: Context, code: Code) -> Iterator[Suspect]:
    """Find undefined names in the driver and the modules; skip files with code that may define names dynamically."""
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
    """Return the undefined names that ruff reports, each as script, line and name."""
    with tempfile.TemporaryDirectory(prefix="kernelwright-") as folder:
        for number, script in enumerate(scripts):  # `python`, because ruff cannot read IPython's syntax in .py files
            Path(folder, f"{number}.py").write_bytes(script.python.encode())
        reports = json.loads(_ruff(folder))
    names = set()
    for report in reports:
        # ruff also reports syntax that is newer than its target version; those messages do not match.
        if match := re.fullmatch("Undefined name `(.+?)`.*", report["message"]):
            script = scripts[int(Path(report["filename"]).stem)]
            names.add((script, report["location"]["row"], match[1]))
    return names


def _ruff(folder: str) -> str:
    executable = programs.find("ruff")
    if executable is None:
        raise LinterFailed("ruff is not installed; it finds undefined names: pip install ruff")
    # RUFF_* variables of the user would change what is reported.
    variables = {name: value for name, value in os.environ.items() if not name.startswith("RUFF_")}
    variables["RUST_MIN_STACK"] = str(_STACK_BYTES)
    command = [str(executable), *_OPTIONS, folder]
    done = subprocess.run(command, env=variables, capture_output=True, encoding="utf-8", check=False)
    if done.returncode:
        raise LinterFailed(f"ruff exited with {done.returncode}: {done.stderr.strip()}")
    return done.stdout
