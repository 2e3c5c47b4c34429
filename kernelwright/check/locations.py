"""Where in the author's files stands what the notebook carries."""

from collections.abc import Iterator

from kernelwright.bundle.cells import Cell, commented
from kernelwright.bundle.sources import DRIVER, SourceFile
from kernelwright.project.model import Project


def is_own(file: SourceFile) -> bool:
    """Return whether a file is the author's, and not the driver, whose cells are checked instead."""
    return not file.origin.startswith("vendor ") and file.origin != DRIVER


def origin(file: SourceFile) -> str:
    """Return where a carried file lies in the project."""
    inside = file.path.partition("/")[2]
    return f"{file.origin}/{inside}" if inside else file.origin


def driver_cells(project: Project, cells: tuple[Cell, ...]) -> Iterator[tuple[Cell, int]]:
    """Yield the driver's cells, each with the line of the driver at which its text begins."""
    text = project.driver.read_text("utf-8", "replace").replace("\r\n", "\n")
    at = 0
    for cell in cells:
        if "driver" in cell.metadata.get("kernelwright", {}):
            written = cell.source if cell.kind == "code" else commented(cell.source)
            start = text.find(written, at)
            at = start + len(written) if start >= 0 else at
            yield cell, text.count("\n", 0, max(start, 0)) + 1
