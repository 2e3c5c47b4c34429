"""Runs `kernelwright` as a user does, against the loopback server, and nothing else of this machine's settings."""

import subprocess
import sys
from pathlib import Path

from tests.packager.loopback import Kaggle

ROOT = Path(__file__).parents[2]


def start(kaggle: Kaggle, project: Path, *arguments: str, **variables: str) -> subprocess.Popen:
    """Start a command on a project, in a session of its own: a test may kill it with its client."""
    command = [sys.executable, "-m", "kernelwright", *arguments, "--project", str(project)]
    environment = kaggle.environment(PYTHONPATH=str(ROOT), COLUMNS="160", **variables)
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, env=environment, cwd=project, start_new_session=True, **pipes)


def run(kaggle: Kaggle, project: Path, *arguments: str, **variables: str) -> tuple[int, list[str], list[str]]:
    """Run a command to its end; return its status and the lines of its two outputs."""
    with start(kaggle, project, *arguments, **variables) as process:
        stdout, stderr = process.communicate(timeout=300)
    return process.returncode, stdout.splitlines(), stderr.splitlines()
