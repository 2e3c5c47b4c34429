"""Run uv and pip as commands."""

import os
import subprocess
import sys
from collections.abc import Sequence

from kernelwright.errors import WheelsUnavailable
from kernelwright.support import programs


def uv(arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run uv, without letting it download a Python; raises `WheelsUnavailable` if uv is not installed."""
    executable = programs.find("uv")
    if executable is None:
        raise WheelsUnavailable("uv is not installed; it resolves what the image lacks: pip install uv")
    # UV_NO_WRAP keeps each reason on one line, whatever the terminal's width.
    variables = {"UV_PYTHON_DOWNLOADS": "never", "UV_NO_WRAP": "1", "VIRTUAL_ENV": ""}
    return _run([str(executable), *arguments, "--quiet"], variables)


def pip(arguments: Sequence[str], variables: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run this Python's pip, with the indexes that it is configured for."""
    always = ["--disable-pip-version-check", "--no-input"]
    # -P, so that a pip.py in the current folder is not run instead.
    return _run([sys.executable, "-P", "-m", "pip", *arguments, *always], variables or {})


def _run(command: list[str], variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    merged = {**os.environ, **variables}
    # An empty value removes the variable.
    environment = {name: value for name, value in merged.items() if value or name not in variables}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
