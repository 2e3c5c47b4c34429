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

from kernelwright.check.code.reachability import Call, Code
from kernelwright.check.code.severity import Suspect, check_code
from kernelwright.check.code.syntax import Script
from kernelwright.check.context import Context
from kernelwright.errors import LinterFailed
from kernelwright.support import programs

_OURS = {"get_ipython", "display", "exit", "quit", "In", "Out", "_", "__", "___", "_ih", "_oh", "_dh", "__file__"}
_DEFINING = {"exec", "globals", "vars", "locals"}
_DEFINING_MAGICS = {"run", "load", "pylab", "store", "sql", "R", "time", "timeit", "capture", "prun", "memit"}
_LINE_END = re.compile(r"\r\n?|\n")
_OPTIONS = [
    *("check", "--quiet", "--isolated", "--no-cache", "--ignore-noqa", "--exit-zero", "--select=F821"),
    *("--target-version=py311", "--output-format=json", f"--config=builtins={sorted(_OURS | {*dir(builtins)})}"),
]
_STACK_BYTES = 500_000_000  # code may be nested as deep as Python's parser goes; only what is used of it is taken


@check_code("undefined")
def undefined(context: Context, code: Code) -> Iterator[Suspect]:
    """Find each name of driver and modules that nothing defines; what may define some silences its file."""
    silenced = {call.site.unit.script for call in code.calls if _may_define(code, call)}
    looked_at = [script for script in code.scripts.values() if script.python and script not in silenced]
    places = _reported(context.project.root, looked_at) if looked_at else ()  # ruff would take the current folder
    for site in code.sites[ast.Name] if places else ():
        node = site.node
        if isinstance(node, ast.Name) and (site.unit.script, node.lineno, node.col_offset) in places:
            text = f"{node.id!r} is used and defined nowhere"
            yield Suspect(code="KW404", site=site, message=text, fix="define or import it")


def _may_define(code: Code, call: Call) -> bool:
    is_magic = call.name.startswith("get_ipython().run_") and bool(call.node.args)
    return call.name in _DEFINING or (is_magic and code.text(call.node.args[0], call.site.unit) in _DEFINING_MAGICS)


def _reported(root: Path, scripts: Sequence[Script]) -> set[tuple[Script, int, int]]:
    """Return where ruff reports a name, each place as syntax trees have it."""
    places = set()
    with tempfile.TemporaryDirectory(prefix="kernelwright-") as folder:
        files = {str(root / script.file): script for script in scripts if not script.is_driver}
        for driver in (script for script in scripts if script.is_driver):  # read with IPython's syntax replaced
            cells = Path(folder, "driver.py")
            cells.write_bytes(driver.python.encode())
            files[str(cells)] = driver
        names = Path(folder, "names")  # a command line holds only so many
        names.write_bytes("\n".join(files).encode())
        for report in json.loads(_ruff(f"@{names}")):
            script = files.get(report["filename"])
            if script and report["code"] == "F821":  # a syntax newer than the target is reported too
                row, column = report["location"]["row"], report["location"]["column"]  # in characters, from 1
                line = _LINE_END.split(script.python)[row - 1]
                places.add((script, row, len(line[: column - 1].encode())))
    return places


def _ruff(files: str) -> str:
    executable = programs.find("ruff")
    if executable is None:
        raise LinterFailed("ruff is not installed; it finds undefined names: pip install ruff")
    variables = {name: value for name, value in os.environ.items() if not name.startswith("RUFF_")}
    variables["RUST_MIN_STACK"] = str(_STACK_BYTES)
    command = [str(executable), *_OPTIONS, files]
    done = subprocess.run(command, env=variables, capture_output=True, encoding="utf-8", check=False)
    if done.returncode:
        raise LinterFailed(f"ruff exited with {done.returncode}: {done.stderr.strip()}")
    return done.stdout
