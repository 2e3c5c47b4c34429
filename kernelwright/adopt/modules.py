"""What moves, as modules of a package, and the driver's cells without it."""

import ast
import keyword
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from kernelwright.adopt.moves import Analysis
from kernelwright.adopt.statements import Statement
from kernelwright.bundle.cells import Cell
from kernelwright.check.metadata import slugify

SETTINGS = "settings"
_OPENING = "helpers"
_CONFIGURATION = re.compile(r"CFG|(?i:conf(ig)?|config\w*|\w+_?config|settings|args|arguments|hyper\w*|params)")
_HEADING = re.compile(r"^ {0,3}#{1,6}\s+(.+?)\s*#*\s*$", re.MULTILINE)
_LONGEST_NAME, _LONGEST_LINE = 40, 100


@dataclass(kw_only=True)
class Module:
    """One module to be: its name, the heading it comes from, and its statements in the notebook's order."""

    name: str
    heading: str
    statements: list[Statement] = field(default_factory=list)

    def epoch(self, analysis: Analysis) -> int:
        """Return the epoch in which the driver imports it."""
        return analysis.epochs[self.statements[0].position]


def group(cells: Sequence[Cell], analysis: Analysis) -> list[Module]:
    """Put what moves into modules: settings, and one per heading, or several where it must be run at several times."""
    moving = [s for s in analysis.statements if s.name in analysis.moved]
    settings = Module(name=SETTINGS, heading="What can be set.")
    modules: list[Module] = []
    homes: dict[str, Module] = {}
    headings = _headings(cells)
    section = -1
    for statement in moving:
        home = settings
        if not _is_setting(statement, analysis, settings, homes):
            read = (homes[name] for name in statement.reads & homes.keys())
            needed = max([analysis.epoch_needed(statement), *(module.epoch(analysis) for module in read)])
            number, heading = headings[statement.cell]
            if number != section or modules[-1].epoch(analysis) < needed:
                modules.append(Module(name="", heading=heading))
            section, home = number, modules[-1]
        home.statements.append(statement)
        homes[statement.name] = home
    _put_after_what_they_read(modules, homes)
    modules = [*([settings] if settings.statements else []), *(module for module in modules if module.statements)]
    _name(modules)
    return modules


def _headings(cells: Sequence[Cell]) -> list[tuple[int, str]]:
    """Return for each cell the number of its section and the section's heading; the notebook's title is none."""
    sections: list[tuple[int, str]] = []
    number, heading = 0, ""
    for index, cell in enumerate(cells):
        titles = _HEADING.findall(cell.source) if cell.kind == "markdown" else []
        if titles and (index or len(titles) > 1):
            number, heading = number + 1, titles[-1]
        sections.append((number, heading))
    return sections


def _is_setting(statement: Statement, analysis: Analysis, settings: Module, homes: Mapping[str, Module]) -> bool:
    """Return whether a statement is a constant or a configuration class, and can be run where settings are."""
    reads = statement.reads & analysis.moved - {statement.name}
    if not all(homes.get(name) is settings for name in reads):
        return False
    needed = analysis.epoch_needed(statement)
    if settings.statements and settings.epoch(analysis) < needed:
        return False
    node = statement.node
    if not isinstance(node, ast.ClassDef):
        return isinstance(node, ast.Assign | ast.AnnAssign) and not isinstance(node.value, ast.Lambda)
    is_plain = not node.bases and not node.decorator_list
    values = all(isinstance(part, ast.Assign | ast.AnnAssign | ast.Expr | ast.Pass) for part in node.body)
    return bool(_CONFIGURATION.fullmatch(node.name)) or (is_plain and values)


def _put_after_what_they_read(modules: Sequence[Module], homes: dict[str, Module]) -> None:
    """Move what reads a definition of a later module there, so that modules import one another in one direction.

    All between the two is inert, or the reader would have stayed: the later module can be imported as early.
    """
    rank = {id(module): index for index, module in enumerate(modules)}
    changed = True
    while changed:
        changed = False
        for module in modules:
            for statement in list(module.statements):
                read = [homes[name] for name in statement.reads & homes.keys() if id(homes[name]) in rank]
                last = max([module, *read], key=lambda candidate: rank[id(candidate)])
                if last is not module:
                    module.statements.remove(statement)
                    last.statements = sorted([*last.statements, statement], key=lambda candidate: candidate.position)
                    homes[statement.name], changed = last, True


def _name(modules: Sequence[Module]) -> None:
    taken: set[str] = set()
    for module in modules:
        name = base = module.name or _identifier(module.heading) or _OPENING
        number = 1
        while name in taken or (name == SETTINGS and module.name != SETTINGS):
            number += 1
            name = f"{base}_{number}"
        module.name = name
        taken.add(name)


def _identifier(heading: str) -> str:
    """Make a module's name of a heading: ``## 2.1 Feature engineering`` is ``feature_engineering``."""
    text = re.sub(r"<[^>]*>|\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    words = [word for word in slugify(text).split("-") if word and not word.isdecimal()]
    words = words[1:] if len(words) > 1 and words[0] in {"the", "a", "an", "step", "part"} else words
    name = ""
    for word in words:
        if len(name) + len(word) >= _LONGEST_NAME:
            break
        name = f"{name}_{word}" if name else word
    name = f"part_{name}" if name[:1].isdecimal() else name
    return f"{name}_" if keyword.iskeyword(name) else name


def text(module: Module, modules: Sequence[Module], analysis: Analysis, package: str, extra: Sequence[str] = ()) -> str:
    """Return a module's source: what it imports, then its statements as they are in the notebook."""
    reads = frozenset().union(*(statement.reads for statement in module.statements))
    own = {statement.name for statement in module.statements}
    lines = _imports(reads, module, analysis)
    if "display" in reads and "display" not in analysis.imports:
        lines.append("from IPython.display import display")
    lines += extra
    for other in modules:
        names = [statement.name for statement in other.statements if statement.name in reads - own]
        lines += [_import(package, other.name, names)] if names else []
    future = [line for line in lines if line.startswith("from __future__")]
    rest = "\n".join(line for line in lines if line not in future)
    heading = re.sub(r"^[\d.) ]+(?=\S)", "", module.heading) or "Helpers"
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]*>|[`*]", "", heading)).replace("\\", "/").replace('"', "'").strip()
    sentence = words if words.endswith((".", "!", "?")) else f"{words or module.name}."
    parts = [f'"""{sentence}"""', "\n".join(dict.fromkeys(future)), rest]
    return "\n\n".join(part for part in parts if part) + "\n" + "".join(_placed(module.statements))


def _placed(placed: Sequence[Statement]) -> Iterator[str]:
    """Yield each statement's text below the lines that part it from what is above; constants stand together."""
    above = ""
    for statement in placed:
        is_constant = isinstance(statement.node, ast.Assign | ast.AnnAssign)
        yield ("\n" if above != "constant" else "") if is_constant and above != "definition" else "\n\n"
        yield _divide(statement)[1]
        above = "constant" if is_constant else "definition"


def _divide(statement: Statement) -> tuple[str, str]:
    """Divide a statement's text: blank lines and comments that stand apart from it, and itself with its comments."""
    lines = [f"{line}\n" for line in statement.text.removesuffix("\n").split("\n")]
    first = next(i for i, line in enumerate(lines) if line.strip() and not line.lstrip().startswith("#"))
    while first and lines[first - 1].lstrip().startswith("#"):
        first -= 1
    return "".join(lines[:first]), "".join(lines[first:])


def _imports(reads: frozenset[str], module: Module, analysis: Analysis) -> list[str]:
    """Return the import statements a module needs, in the notebook's order, each with what it needs of it alone."""
    needed = reads & analysis.imports.keys()
    lines: list[str] = []
    early = (s for s in analysis.statements if s.is_import and analysis.ready(s) <= module.epoch(analysis))
    for node in (node for statement in early for node in statement.nodes):
        if isinstance(node, ast.Import):
            kept = [alias for alias in node.names if (alias.asname or alias.name.partition(".")[0]) in needed]
            lines += [ast.unparse(ast.Import(names=[alias])) for alias in kept]
        elif isinstance(node, ast.ImportFrom):
            is_future = node.module == "__future__"
            kept = [alias for alias in node.names if is_future or (alias.asname or alias.name) in needed]
            lines += [_wrapped(ast.unparse(ast.ImportFrom(node.module, kept, node.level)))] if kept else []
    return list(dict.fromkeys(lines))


def _import(package: str, module: str, names: Sequence[str]) -> str:
    return _wrapped(f"from {package}.{module} import {', '.join(names)}")


def _wrapped(line: str) -> str:
    if len(line) <= _LONGEST_LINE:
        return line
    head, _, names = line.partition(" import ")
    return f"{head} import (\n" + "".join(f"    {name},\n" for name in names.split(", ")) + ")"


def driver(cells: Sequence[Cell], modules: Sequence[Module], analysis: Analysis, package: str) -> list[Cell]:
    """Return the cells with an import in place of what moved."""
    homes = {statement.position: module for module in modules for statement in module.statements}
    by_cell: dict[int, list[Statement]] = defaultdict(list)
    for statement in analysis.statements:
        by_cell[statement.cell].append(statement)
    rewritten = {index: _rewritten(statements, homes, package) for index, statements in by_cell.items()}
    return [replace(cell, source=rewritten.get(index, cell.source)) for index, cell in enumerate(cells)]


def _rewritten(statements: Sequence[Statement], homes: Mapping[int, Module], package: str) -> str:
    """Return a cell's text; statements in a row that moved become one import per module."""
    pieces: list[str] = []
    run: dict[str, list[str]] = {}

    def end_run() -> None:
        pieces.extend(f"{_import(package, module, names)}\n" for module, names in run.items())
        run.clear()

    for statement in statements:
        home = homes.get(statement.position)
        if home is None:
            end_run()
            pieces.append(statement.text)
            continue
        above = _divide(statement)[0]
        if run and not above.strip():
            above = ""  # the lines between two definitions
        elif run:
            end_run()
        pieces.append(above)
        run.setdefault(home.name, []).append(statement.name)
    end_run()
    return "".join(pieces).removesuffix("\n")
