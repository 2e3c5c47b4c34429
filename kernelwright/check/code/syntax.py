"""Parse the code that a notebook runs: the driver's cells as one script, then each of the author's modules."""

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
    """One Python file by the author.

    Attributes
    ----------
    file, path : str
        Its paths in the project and in the carried tree.
    module : str
        Its dotted name; ``__main__`` for the driver.
    text : str
        The file's text.
    python : str
        The text as Python, with IPython's syntax replaced by calls; empty if it cannot be parsed.
    tree : ast.Module
        Its statements, with the line numbers of the file. IPython's syntax and cells of the shell are calls.
    """

    file: str
    path: str
    module: str
    text: str
    python: str
    tree: ast.Module

    @property
    def is_driver(self) -> bool:
        """Whether this is the driver."""
        return self.module == DRIVER

    def allows(self, node: ast.expr | ast.stmt) -> bool:
        """Return whether a line of the node has a suppression comment."""
        return any(node.lineno <= number <= (node.end_lineno or node.lineno) for number in self._allowed)

    @cached_property
    def _allowed(self) -> Sequence[int]:
        return [number for number, line in enumerate(self.text.split("\n"), 1) if ALLOW in line]


def scripts(context: Context) -> Iterator[Script]:
    """Yield the driver, then the author's modules."""
    text = context.project.driver.read_text("utf-8", "replace")
    name, path = context.project.configuration.driver, context.built.tree.placement.file
    tree, python = ast.Module(body=[], type_ignores=[]), ""
    for cell in context.built.cells:
        if cell.line and cell.kind == "code":  # generated cells have no line
            body = _cell(cell.source).body
            tree.body += ast.increment_lineno(ast.Module(body=body, type_ignores=[]), cell.line - 1).body
            # Pad with blank lines so that line numbers are those of the driver's file here too.
            python += "\n" * (cell.line - 1 - python.count("\n"))
            python += f"{ipython_syntax.python_source(cell.source) or ''}\n" if body else ""
    yield Script(file=name, path=path, module=DRIVER, text=text, python=python, tree=tree)
    for file in context.built.tree.files:
        if file.is_source and file.path.endswith(".py"):
            text, module = (file.text or "").replace("\r\n", "\n"), file.module or file.path
            parsed = file.syntax or ipython_syntax.parse(text)  # a file without an importable name has no `syntax`
            tree, python = (parsed, text) if parsed else (ast.Module(body=[], type_ignores=[]), "")
            yield Script(file=file.location, path=file.path, module=module, text=text, python=python, tree=tree)


def _cell(text: str) -> ast.Module:
    """Parse a cell. A cell that is not Python, such as one of the shell, is parsed as calls of its commands."""
    if ipython_syntax.python_source(text) is not None:
        return ipython_syntax.syntax_tree(text)
    tree = ast.Module(body=[], type_ignores=[])
    for number, command in ipython_syntax.commands(text):
        name, words = ("system", command[1:]) if command.startswith("!") else ("run_line_magic", command.lstrip("%"))
        tree.body += ast.increment_lineno(ast.parse(f"get_ipython().{name}({words!r})"), number - 1).body
    return tree
