"""Where in the author's files stands what the notebook carries."""

from collections.abc import Iterator

from kernelwright.bundle.cells import Cell
from kernelwright.bundle.sources import SourceFile
from kernelwright.project.model import Project


def is_own(file: SourceFile) -> bool:
    """Return whether a file is the author's, and not the driver, whose cells are checked instead."""
    return file.is_source


def origin(file: SourceFile) -> str:
    """Return where a carried file lies in the project."""
    return file.location


def driver_cells(_: Project, cells: tuple[Cell, ...]) -> Iterator[tuple[Cell, int]]:
    """Yield the driver's cells, each with the line of the driver at which its text begins."""
    yield from ((cell, cell.line) for cell in cells if cell.line)
