"""Calls a kernel's hooks in a process of their own: the packager never imports a kernel."""

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
    """Call ``"package.module:function"`` of the kernel with paths; its result comes back through ``answer``.

    Raises `HookFailed` with the hook's own traceback.
    """
    folders = [str(source.parent) for source in project.sources]
    path = os.pathsep.join([*folders, *filter(None, [os.environ.get("PYTHONPATH")])])
    answer.unlink(missing_ok=True)
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
    except (OSError, ValueError) as error:  # it ended itself quietly
        raise HookFailed(f"the hook {hook} returned nothing: {error}") from error


def scores(project: Project, submission: Path, truth: Path, answer: Path) -> dict[str, float]:
    """Score a submission: ``{name: value}``; raises `HookFailed` where the hook raised, or returned something else."""
    result = call(project, project.configuration.score, answer, submission, truth)
    if not isinstance(result, dict) or not all(isinstance(value, int | float) for value in result.values()):
        raise HookFailed(f"the hook {project.configuration.score} should return {{name: number}}, not {result!r}")
    return {str(name): float(value) for name, value in result.items()}
