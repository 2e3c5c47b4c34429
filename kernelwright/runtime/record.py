"""The record of a run: files in the folder that ``$KERNELWRIGHT_RECORD`` names, not in the working folder."""

import os
import threading
from pathlib import Path


def folder() -> Path | None:
    """Return the record folder, made if need be; None when nothing is recorded."""
    named = os.environ.get("KERNELWRIGHT_RECORD")
    if not named:
        return None
    path = Path(named)
    path.mkdir(parents=True, exist_ok=True)
    return path


def replace(path: Path, content: bytes) -> None:
    """Write a file beside its place, then rename it: the old file or the new one is there at every moment."""
    # Of this writer alone: two that write at once must not rename one another's half.
    beside = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.part")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
