"""The code a notebook runs, as syntax trees that know where each line stands in the author's files."""

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from kernelwright.bundle.build import Notebook
from kernelwright.bundle.cells import Cell
from kernelwright.bundle.sources import SourceFile
from kernelwright.check.locations import driver_cells, is_own, origin
from kernelwright.check.suppression import ALLOW
from kernelwright.project.model import Project
from kernelwright.support import ipython_syntax


@dataclass(frozen=True, kw_only=True)
class Script:
    """One file of the author's, or one cell of the driver.

    Attributes
    ----------
    file : str
        The author's file, relative to the project.
    line : int
        Where the text begins in it, counted from 1.
    text : str
        The text.
    is_driver : bool
        Whether it is a cell of the driver, which runs from top to bottom.
    """

    file: str
    line: int
    text: str
    is_driver: bool = False

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree, with magics blanked out; empty where it is no Python."""
        lines = (ipython_syntax.python_source(self.text) or "").split("\n")
        for number, _ in ipython_syntax.commands(self.text) if any(lines) else ():  # `magics` has these
            lines[number - 1] = re.sub(r"get_ipython\(\)\..*", "None", lines[number - 1])
        return ipython_syntax.syntax_tree("\n".join(lines))

    @cached_property
    def nodes(self) -> Sequence[ast.AST]:
        """Every node of the tree, the outer ones first; a walk takes several times what going through them does."""
        return list(ast.walk(self.tree))

    @cached_property
    def lines(self) -> list[str]:
        """The lines of the text."""
        return self.text.split("\n")

    @property
    def magics(self) -> Iterator[tuple[int, str]]:
        """Yield the commands that are IPython's or the shell's, each with its line's number in the text."""
        if self.is_driver:
            for number, command in ipython_syntax.commands(self.text):
                if not any(map(self.is_allowed, self._going_on(number))):
                    yield number, command

    def _going_on(self, number: int) -> Iterator[int]:
        """Yield the numbers of a command's lines: a backslash ends all but the last."""
        yield number
        while self.lines[number - 1].endswith("\\") and number < len(self.lines):
            number += 1
            yield number

    def at(self, number: int) -> int:
        """Return the line of the file that a line of the text is."""
        return self.line + number - 1

    def is_allowed(self, number: int) -> bool:
        """Tell whether the author vouches for a line."""
        return ALLOW in self.lines[number - 1]

    def vouches(self, node: ast.expr | ast.stmt) -> bool:
        """Tell whether the author vouches for a line of an expression or a statement."""
        return any(ALLOW in line for line in self.lines[node.lineno - 1 : node.end_lineno or node.lineno])

    def is_own_run(self, test: ast.expr) -> bool:
        """Tell whether a condition is a module's main guard, which is not met where it is imported."""
        match test:
            case ast.Compare(left=left, ops=[ast.Eq()], comparators=[right]):
                return not self.is_driver and _is_main(left, right)
        return False


def _is_main(*sides: ast.expr) -> bool:
    """Tell whether ``__name__`` and ``"__main__"`` are compared, either first."""
    names = {side.id for side in sides if isinstance(side, ast.Name)}
    return names == {"__name__"} and any(isinstance(side, ast.Constant) and side.value == "__main__" for side in sides)


def scripts(project: Project, built: Notebook) -> list[Script]:
    """Return the driver's cells in order, then the author's own modules."""
    modules = (_module(file) for file in built.tree.files if is_own(file) and file.path.endswith(".py"))
    return [*_cells(project, built.cells), *modules]


def _module(file: SourceFile) -> Script:
    return Script(file=origin(file), line=1, text=(file.text or "").replace("\r\n", "\n"))


def _cells(project: Project, cells: tuple[Cell, ...]) -> Iterator[Script]:
    for cell, line in driver_cells(project, cells):
        if cell.kind == "code":
            yield Script(file=project.configuration.driver, line=line, text=cell.source, is_driver=True)
