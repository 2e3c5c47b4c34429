"""A conversion -> a folder, made beside its place and renamed."""

import os
from pathlib import Path

from kernelwright.adopt.convert import Conversion
from kernelwright.errors import UnwritableOutput
from kernelwright.support import atomic_files


def write(folder: Path, conversion: Conversion) -> list[str]:
    """Write the project into a new or an empty folder, whole or not at all; return the paths of its files.

    Raises
    ------
    UnwritableOutput
        Something is there, or it cannot be written.
    """
    check(folder)
    target = folder.resolve()
    if target.is_dir():
        atomic_files.replace_all({target / path: data for path, data in conversion.files.items()})
        return list(conversion.files)
    with atomic_files.report_errors(folder), atomic_files.scratch_folder(target.parent) as scratch:
        atomic_files.replace_all({scratch / target.name / path: data for path, data in conversion.files.items()})
        os.rename(scratch / target.name, target)  # noqa: PTH104 - fails where something has come in its place
    return list(conversion.files)


def check(folder: Path) -> None:
    """Raise `UnwritableOutput` where something is in the folder already."""
    if folder.is_dir() and not any(folder.iterdir()):
        return
    if folder.exists() or folder.is_symlink():
        raise UnwritableOutput(f"{folder}: there is something already; name an empty or a new folder")
