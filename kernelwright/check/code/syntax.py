"""The code a notebook runs as syntax trees: the driver's cells as one script, then each module of the author's."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from kernelwright.check.context import Context
from kernelwright.check.suppression import ALLOW
from kernelwright.support import ipython_syntax

DRIVER = "__main__"


@dataclass(frozen=True, kw_only=True, eq=False)
class Script:
    """One file of the author's.

    Attributes
    ----------
    file, path : str
        Where it lies in the project, and in the carried tree.
    module : str
        Its dotted name; ``__main__`` for the driver.
    tree : ast.Module
        Its statements, whose lines are those of the file; IPython's syntax as the calls it stands for.
    lines : sequence of str
        The text.
    python : str
        The text that the tree is of; empty where it cannot be parsed.
    """

    file: str
    path: str
    module: str
    tree: ast.Module
    lines: Sequence[str]
    python: str

    @property
    def is_driver(self) -> bool:
        """Whether these are the notebook's own cells."""
        return self.module == DRIVER

    def allows(self, node: ast.AST) -> bool:
        """Return whether the author vouches for a line of the node."""
        first = getattr(node, "lineno", 1)
        return any(first <= number <= getattr(node, "end_lineno", first) for number in self._allowed)

    @cached_property
    def _allowed(self) -> Sequence[int]:
        return [number for number, line in enumerate(self.lines, 1) if ALLOW in line]


def scripts(context: Context) -> Iterator[Script]:
    """Yield the driver, then the author's own modules; what cannot be parsed is empty."""
    driver, path = context.project.driver.read_text("utf-8", "replace"), context.built.tree.placement.file
    tree, python = ast.Module(body=[], type_ignores=[]), ""
    for cell in context.built.cells:
        if cell.line and cell.kind == "code":  # those that are generated have no line
            body = _cell(cell.source).body
            tree.body += ast.increment_lineno(ast.Module(body=body, type_ignores=[]), cell.line - 1).body
            python += "\n" * (cell.line - 1 - python.count("\n"))
            python += f"{ipython_syntax.python_source(cell.source) or ''}\n" if body else ""
    name, lines = context.project.configuration.driver, _lines(driver)
    yield Script(file=name, path=path, module=DRIVER, tree=tree, lines=lines, python=python)
    for file in context.built.tree.files:
        if file.is_source and file.path.endswith(".py"):
            lines, module = _lines(file.text or ""), file.module or file.path
            text = "\n".join(lines)
            parsed = file.syntax or ipython_syntax.parse(text)  # no module has a name that cannot be imported
            tree, python = (parsed, text) if parsed else (ast.Module(body=[], type_ignores=[]), "")
            yield Script(file=file.location, path=file.path, module=module, tree=tree, lines=lines, python=python)


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").split("\n")


def _cell(text: str) -> ast.Module:
    """Parse a cell; of one of the shell, or of another magic, the commands as calls."""
    if ipython_syntax.python_source(text) is not None:
        return ipython_syntax.syntax_tree(text)
    tree = ast.Module(body=[], type_ignores=[])
    for number, command in ipython_syntax.commands(text):
        name, words = ("system", command[1:]) if command.startswith("!") else ("run_line_magic", command.lstrip("%"))
        tree.body += ast.increment_lineno(ast.parse(f"get_ipython().{name}({words!r})"), number - 1).body
    return tree
