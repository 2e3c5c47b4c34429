"""Files are written beside and renamed, so that a reader never meets half of one."""

import os
import tempfile
from pathlib import Path

from kernelwright.errors import UnwritableOutput


def replace(path: Path, data: bytes) -> None:
    """Put ``data`` at ``path`` in one step; an identical file is left untouched.

    Raises
    ------
    UnwritableOutput
        The old file, if any, is then intact.
    """
    try:
        if path.is_file() and path.read_bytes() == data:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_beside(path, data)
    except OSError as error:
        raise UnwritableOutput(f"{path}: cannot be written: {error.strerror or error}") from error


def _write_beside(path: Path, data: bytes) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).chmod(0o644)
        os.replace(name, path)  # noqa: PTH105 - one call, one step
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
