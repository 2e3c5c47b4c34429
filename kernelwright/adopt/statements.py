"""Split a notebook's cells into statements, with their exact text and the names they bind and read.

Nothing is executed.
"""

import ast
import re
import symtable
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from kernelwright.adopt import names
from kernelwright.adopt.names import Uses
from kernelwright.bundle.cells import Cell
from kernelwright.support import ipython_syntax

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
# Magics that bind no name of the notebook. Any other magic may, and so may these with --out, --err, --proc or -o.
_HARMLESS = re.compile(
    r"[!?]|%{1,2}(?:alias|autoreload|bash|cat|cd|conda|config|cp|env|file|html|javascript|js|latex|load_ext|ls|lsmagic"
    r"|markdown|matplotlib|memit|mkdir|mv|pip|precision|prun|psource|pwd|reload_ext|rm|set_env|sh|svg|tensorboard|tensorflow_version|time|timeit|who"
    r"|watermark|whos|writefile|xmode|capture|!|sx|system)\b(?!.*--(?:out|err|proc)\b)"
    r"|%{1,2}R\b(?!.*\s(?:-o|--output)\b)"
)


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement of a cell, or a whole cell that cannot be split.

    Attributes
    ----------
    cell, position : int
        The cell's index, and the statement's index in the notebook.
    text : str
        The exact text, including the blank lines and comments above the statement.
    nodes : sequence of ast.stmt
        Its syntax trees: several if semicolons join statements, none if it is not Python.
    is_plain : bool
        Whether the text is Python without IPython's syntax, in a cell without a cell magic.
    uses : mapping
        How it uses the notebook's names.
    may_bind_any : str
        The part of it that may bind any name; empty if there is none.
    """

    cell: int
    position: int
    text: str
    nodes: Sequence[ast.stmt] = ()
    is_plain: bool = False
    uses: Uses = field(default_factory=dict)
    may_bind_any: str = ""

    @cached_property
    def binds(self) -> frozenset[str]:
        """The notebook's names that it binds, directly or in its functions."""
        return frozenset(self.uses.get("bound", ()))

    @cached_property
    def reads_at_once(self) -> frozenset[str]:
        """The names that it reads when it runs, not only when one of its functions is called."""
        return frozenset(self.uses.get("read at once", ()))

    @cached_property
    def reads(self) -> frozenset[str]:
        """All names that it reads, when it runs or later."""
        return self.reads_at_once.union(self.uses.get("read later", ()))

    @property
    def node(self) -> ast.stmt | None:
        """The syntax tree, if the text is a single plain statement; otherwise None."""
        return self.nodes[0] if len(self.nodes) == 1 and self.is_plain else None

    @property
    def name(self) -> str:
        """The name that it binds, if it is a definition or a plain assignment of one name; otherwise empty."""
        match self.node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                return name
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr()):
                return name
        return ""

    @property
    def definitions(self) -> list[str]:
        """The names of the functions and classes that it defines in the notebook, also inside a compound statement."""
        if isinstance(self.node, Definition):
            return [self.node.name]
        inner = (part for node in self.nodes for part in ast.walk(node))
        return [part.name for part in inner if isinstance(part, Definition) and part.name in self.binds]

    @property
    def is_import(self) -> bool:
        """Whether it consists of imports alone."""
        is_all = all(isinstance(node, ast.Import | ast.ImportFrom) for node in self.nodes)
        return self.is_plain and bool(self.nodes) and is_all

    @property
    def imports(self) -> Iterator[tuple[str, str, str]]:
        """For each name that it imports: the name, the dotted name it stands for (empty if unknown), the module."""
        for node in self.nodes:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    first = alias.name.partition(".")[0]
                    yield (alias.asname, alias.name, alias.name) if alias.asname else (first, first, alias.name)
            elif isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    origin = "" if node.level else f"{node.module}.{alias.name}"
                    yield alias.asname or alias.name, origin, node.module or ""

    @property
    def lines(self) -> tuple[str, str]:
        """Its text in two parts: detached blank lines and comments above, and the statement with attached comments."""
        lines = self.text.splitlines(keepends=True)
        first = next(i for i, line in enumerate(lines) if line.strip() and not line.lstrip().startswith("#"))
        while first and lines[first - 1].lstrip().startswith("#"):
            first -= 1
        return "".join(lines[:first]), "".join(lines[first:])


def read(cells: Sequence[Cell]) -> list[Statement]:
    """Split the code cells into statements, in order."""
    statements: list[Statement] = []
    for index, cell in enumerate(cells):
        for text, python, is_plain in _divided(cell.source) if cell.kind == "code" else ():
            statements.append(_statement(index, len(statements), text, python, is_plain=is_plain))
    return statements


def _divided(source: str) -> Iterator[tuple[str, str | None, bool]]:
    """Yield for each top-level statement its text, its Python (None if it is not), and whether both are the same.

    The texts joined are the cell. A statement's text includes the lines above it, but comments at the beginning and end
    of the cell are texts of their own, because they belong to the story. A cell with a cell magic is not split.
    """
    python = ipython_syntax.python_source(source)
    lines, texts = (python or "").split("\n"), source.split("\n")
    tree = None if python is None or source.lstrip().startswith("%%") else ipython_syntax.parse(python)
    # The line numbers must agree: Python also ends a line at a lone carriage return, and IPython may add a last line.
    if tree is None or "\r" in source or len(lines) - len(texts) not in {0, 1}:
        yield source, python, False
        return
    ends = [0]
    for node in tree.body:
        # A definition's line number is that of `def`, below its decorators.
        start = min(part.lineno for part in (node, *getattr(node, "decorator_list", ())))
        if start <= ends[-1]:
            ends.pop()  # a semicolon joins it to the previous statement
        elif ends == [0]:
            ends.append(start - 1)
        ends.append(_last_line(node, lines))
    for first, last in zip(ends, [*ends[1:], len(texts)], strict=True):
        if first < last:
            text = "".join(f"{line}\n" for line in texts[first:last])
            part = "".join(f"{line}\n" for line in lines[first:last])
            yield text, part, text == part


def _last_line(node: ast.stmt, lines: Sequence[str]) -> int:
    """Return the number of a statement's last line; indented comments after a block belong to the block."""
    last = node.end_lineno or node.lineno
    tail = lines[last - 1].encode()[node.end_col_offset :].decode()
    while tail.endswith("\\") and "#" not in tail and last < len(lines):  # a backslash takes the next line too
        tail, last = lines[last], last + 1
    for number, line in enumerate(lines[last:], last + 1):
        if not (hasattr(node, "body") or isinstance(node, ast.Match)) or (line and not line[0].isspace()):
            break
        last = number if line.strip() else last
    return last


def _statement(cell: int, position: int, text: str, python: str | None, *, is_plain: bool) -> Statement:
    magics = [command for _, command in ipython_syntax.commands(text) if not _HARMLESS.match(command)]
    statement = Statement(cell=cell, position=position, text=text, may_bind_any=f"`{magics[0]}`" if magics else "")
    if python is None:
        return statement
    try:
        tree, table = ast.parse(python), symtable.symtable(python, "cell", "exec")
    except ipython_syntax.UNPARSABLE:
        return replace(statement, may_bind_any="what Python cannot read")
    dynamic = [statement.may_bind_any, *(f"`{what}`" for what in names.unpredictable(list(ast.walk(tree))))]
    return replace(
        statement,
        nodes=tree.body,
        is_plain=is_plain,
        uses=names.uses(tree, table),
        may_bind_any=next(filter(None, dynamic), ""),
    )
