"""Find programs that packages install."""

import shutil
import sys
from pathlib import Path


def find(name: str) -> Path | None:
    """Return the path of a program beside this Python, as in an environment, or on PATH; None if there is none."""
    beside = Path(sys.executable).with_name(name)
    executable = str(beside) if beside.is_file() else shutil.which(name)
    return Path(executable) if executable else None
