"""Programs that packages bring."""

import shutil
import sys
from pathlib import Path


def find(name: str) -> Path | None:
    """Return a program beside this Python, where an environment has it, or on PATH; None where there is none."""
    beside = Path(sys.executable).with_name(name)
    executable = str(beside) if beside.is_file() else shutil.which(name)
    return Path(executable) if executable else None
