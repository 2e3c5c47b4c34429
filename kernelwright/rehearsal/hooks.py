"""Call a kernel's hooks in a separate process, because the packager never imports a kernel."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from kernelwright.errors import HookFailed
from kernelwright.project.model import Project
from kernelwright.support import json_text

_CALL = """
import importlib, json, sys
from pathlib import Path
module, _, name = sys.argv[1].partition(":")
result = getattr(importlib.import_module(module), name)(*map(Path, sys.argv[3:]))
Path(sys.argv[2]).write_text(json.dumps(result), "utf-8")
"""


def call(project: Project, hook: str, answer: Path, *arguments: Path) -> Any:
    """Call the hook ``"package.module:function"`` with paths, and return its result, written as JSON to ``answer``.

    Raises `HookFailed` with the hook's traceback if it fails, or if it wrote no JSON.
    """
    folders = [str(source.parent) for source in project.sources]
    path = os.pathsep.join([*folders, *filter(None, [os.environ.get("PYTHONPATH")])])
    answer.unlink(missing_ok=True)  # so that the answer of an earlier call is never read
    done = subprocess.run(
        [sys.executable, "-c", _CALL, hook, str(answer), *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise HookFailed(f"the hook {hook} failed:\n{done.stderr.strip()}")
    try:
        return json_text.parse(answer.read_text("utf-8"))
    except (OSError, ValueError) as error:  # the hook ended its process with exit status 0
        raise HookFailed(f"the hook {hook} returned nothing: {error}") from error


def scores(project: Project, submission: Path, truth: Path, answer: Path) -> dict[str, float]:
    """Call the ``score`` hook and return ``{name: value}``.

    Raises `HookFailed` if the hook fails or returns something else.
    """
    result = call(project, project.configuration.score, answer, submission, truth)
    if not isinstance(result, dict) or not all(isinstance(value, int | float) for value in result.values()):
        raise HookFailed(f"the hook {project.configuration.score} should return {{name: number}}, not {result!r}")
    return {str(name): float(value) for name, value in result.items()}
