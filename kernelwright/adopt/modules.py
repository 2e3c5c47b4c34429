"""Group the definitions that move into modules of a package, and write the driver's cells without them."""

import ast
import itertools
import keyword
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from kernelwright.adopt.moves import Analysis
from kernelwright.adopt.statements import Statement
from kernelwright.bundle.cells import Cell
from kernelwright.check.metadata import slugify

_CONFIGURATION = re.compile(r"CFG|(?i:conf(ig)?|config\w*|\w+_?config|settings|args|arguments|hyper\w*|params)")
_HEADING = re.compile(r"^ {0,3}#{1,6}\s+(.+?)\s*#*\s*$", re.MULTILINE)
_LONGEST_NAME, _LONGEST_LINE = 40, 100


@dataclass(kw_only=True)
class Module:
    """A new module: its name, the heading it comes from, and its statements in the notebook's order."""

    name: str = ""
    heading: str
    statements: list[Statement] = field(default_factory=list)

    def epoch(self, analysis: Analysis) -> int:
        """Return the epoch in which the driver imports the module."""
        return analysis.epochs[self.statements[0].position]


def group(cells: Sequence[Cell], analysis: Analysis) -> list[Module]:
    """Group the statements that move into modules: settings, and one per heading and epoch."""
    modules = [Module(name="settings", heading="What can be set.")]
    places: dict[str, int] = {}  # name -> the index of its module
    headings, section = _headings(cells), -1
    moving = [statement for statement in analysis.statements if statement.name in analysis.moved]
    for statement in moving:
        read = {name: places.get(name) for name in statement.reads & analysis.moved - {statement.name}}
        epochs = (modules[place].epoch(analysis) for place in read.values() if place is not None)
        epoch = max([analysis.epoch_needed(statement), *epochs])
        # Index 0 is settings, which reads no other module and is imported where its first statement was.
        place = 0
        is_early = not modules[0].statements or epoch <= modules[0].epoch(analysis)
        if not (is_early and _is_setting(statement.node) and all(place == 0 for place in read.values())):
            number, heading = headings[statement.cell]
            if number != section or modules[-1].epoch(analysis) < epoch:
                modules.append(Module(heading=heading))
            section, place = number, len(modules) - 1
        modules[place].statements.append(statement)
        places[statement.name] = place
    _put_after_what_they_read(moving, places)
    for index, module in enumerate(modules):
        module.statements = [statement for statement in moving if places[statement.name] == index]
    modules = [module for module in modules if module.statements]
    taken = {"settings"}
    for module in modules:
        base = _identifier(module.heading) or "helpers"
        numbered = (f"{base}_{number}" for number in range(2, len(modules) + 3))
        module.name = module.name or next(name for name in (base, *numbered) if name not in taken)
        taken.add(module.name)
    return modules


def _headings(cells: Sequence[Cell]) -> list[tuple[int, str]]:
    """Return for each cell the number and the heading of its section. The notebook's title starts no section."""
    sections: list[tuple[int, str]] = []
    number, heading = 0, ""
    for index, cell in enumerate(cells):
        titles = _HEADING.findall(cell.source) if cell.kind == "markdown" else []
        if titles and (index or len(titles) > 1):  # a single heading in the first cell is the title
            number, heading = number + 1, titles[-1]
        sections.append((number, heading))
    return sections


def _is_setting(node: ast.stmt | None) -> bool:
    """Return whether a statement is a constant or a configuration class."""
    if not isinstance(node, ast.ClassDef):
        return isinstance(node, ast.Assign | ast.AnnAssign) and not isinstance(node.value, ast.Lambda)
    is_plain = not node.bases and not node.decorator_list
    values = all(isinstance(part, ast.Assign | ast.AnnAssign | ast.Expr | ast.Pass) for part in node.body)
    return bool(_CONFIGURATION.fullmatch(node.name)) or (is_plain and values)


def _put_after_what_they_read(moving: Sequence[Statement], places: dict[str, int]) -> None:
    """Move statements that read a definition of a later module into that module, so that imports go in one direction.

    This is safe: everything between the two is inert, because otherwise the reader would have stayed in the driver. So
    the later module can be imported as early as the reader's.
    """
    is_settled = False
    while not is_settled:
        is_settled = True
        for statement in moving:
            last = max(places[name] for name in {statement.name} | (statement.reads & places.keys()))
            if places[statement.name] not in {0, last}:  # settings (0) reads no other module
                places[statement.name], is_settled = last, False


def _identifier(heading: str) -> str:
    """Make a module's name from a heading: ``2.1 Feature engineering`` gives ``feature_engineering``."""
    # Drop HTML tags; keep only the text of links.
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
    """Return a module's source: docstring, imports, then its statements exactly as they are in the notebook."""
    reads = frozenset().union(*(statement.reads for statement in module.statements))
    lines = _imports(reads, module, analysis)
    if "display" in reads and "display" not in analysis.effects.origins:
        lines.append("from IPython.display import display")
    lines += extra
    for other in modules:
        names = [statement.name for statement in other.statements if statement.name in reads and other is not module]
        lines += [_import(f"{package}.{other.name}", names)] if names else []
    # These must come first in a module.
    future = [line for line in lines if line.startswith("from __future__")]
    heading = re.sub(r"^[\d.) ]+(?=\S)", "", module.heading) or "Helpers"
    # The heading becomes a docstring, so it must contain no backslash and no double quotation mark.
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]*>|[`*]", "", heading)).replace("\\", "/").replace('"', "'").strip()
    sentence = words if words.endswith((".", "!", "?")) else f"{words or module.name}."
    parts = f'"""{sentence}"""', "\n".join(future), "\n".join(line for line in lines if line not in future)
    placed, above = "\n\n".join(part for part in parts if part) + "\n", ""
    for statement in module.statements:
        kind = "constant" if isinstance(statement.node, ast.Assign | ast.AnnAssign) else "definition"
        # No blank lines between constants.
        gap = "" if kind == above == "constant" else "\n\n" if "definition" in {kind, above} else "\n"
        placed, above = placed + gap + statement.lines[1], kind
    return placed


def _imports(reads: frozenset[str], module: Module, analysis: Analysis) -> list[str]:
    """Return the import statements that a module needs, in the notebook's order, reduced to the names it needs."""
    needed = reads & analysis.effects.origins.keys()
    lines: list[str] = []
    early = (s for s in analysis.statements if s.is_import and analysis.ready(s) <= module.epoch(analysis))
    for node in (node for statement in early for node in statement.nodes):
        if isinstance(node, ast.Import):
            kept = [alias for alias in node.names if (alias.asname or alias.name.partition(".")[0]) in needed]
            lines += [ast.unparse(ast.Import([alias])) for alias in kept]
        elif isinstance(node, ast.ImportFrom):
            is_future = node.module == "__future__"
            kept = [alias for alias in node.names if is_future or (alias.asname or alias.name) in needed]
            # `node.level` can be ignored: names of relative imports have no known origin and are never needed.
            names = [alias.name + (f" as {alias.asname}" if alias.asname else "") for alias in kept]
            lines += [_import(node.module or "", names)] if names else []
    return list(dict.fromkeys(lines))


def _import(module: str, names: Sequence[str]) -> str:
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= _LONGEST_LINE:
        return line
    return f"from {module} import (\n" + "".join(f"    {name},\n" for name in names) + ")"


def driver(cells: Sequence[Cell], modules: Sequence[Module], analysis: Analysis, package: str) -> list[Cell]:
    """Return the cells with imports in place of the statements that moved.

    Statements in a row that move to the same module get one import.
    """
    homes = {statement.name: f"{package}.{module.name}" for module in modules for statement in module.statements}
    texts: dict[int, str] = {}
    for cell, statements in itertools.groupby(analysis.statements, key=lambda statement: statement.cell):
        text, row = "", dict[str, list[str]]()  # row: module -> names, of statements in a row that moved
        for statement in statements:
            home = homes.get(statement.name)
            above = statement.lines[0] if home else statement.text
            if not home or not row or above.strip():  # otherwise, drop the blank lines between two that moved
                text, row = text + _import_row(row) + above, {}
            if home:
                row.setdefault(home, []).append(statement.name)
        texts[cell] = (text + _import_row(row)).removesuffix("\n")
    return [replace(cell, source=texts.get(index, cell.source)) for index, cell in enumerate(cells)]


def _import_row(names: Mapping[str, Sequence[str]]) -> str:
    return "".join(f"{_import(module, row)}\n" for module, row in names.items())
