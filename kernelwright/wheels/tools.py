"""uv and pip, as commands."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from kernelwright.errors import WheelsUnavailable


def uv(arguments: Sequence[str], cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run uv; it never downloads a Python."""
    return _run(
        [_uv(), *arguments, "--quiet"], cwd, {"UV_PYTHON_DOWNLOADS": "never", "UV_NO_WRAP": "1", "VIRTUAL_ENV": ""}
    )


def _uv() -> str:
    """Find uv beside this Python, where an environment has it, or on PATH."""
    beside = Path(sys.executable).with_name("uv")
    uv = str(beside) if beside.is_file() else shutil.which("uv")
    if uv is None:
        raise WheelsUnavailable("uv is not installed; it resolves what the image lacks: pip install uv")
    return uv


def pip(arguments: Sequence[str], variables: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run this Python's pip, with the indexes it is configured for."""
    always = ["--disable-pip-version-check", "--no-input"]
    # -P: a pip.py in the current folder is not what runs.
    return _run([sys.executable, "-P", "-m", "pip", *arguments, *always], None, variables or {})


def _run(command: list[str], cwd: Path | None, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    merged = {**os.environ, **variables}
    environment = {name: value for name, value in merged.items() if value or name not in variables}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
