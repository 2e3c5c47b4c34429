"""What moves, as modules of a package, and the driver's cells without it."""

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
    """One module to be: its name, the heading it comes from, and its statements in the notebook's order."""

    name: str = ""
    heading: str
    statements: list[Statement] = field(default_factory=list)

    def epoch(self, analysis: Analysis) -> int:
        """Return the epoch in which the driver imports it."""
        return analysis.epochs[self.statements[0].position]


def group(cells: Sequence[Cell], analysis: Analysis) -> list[Module]:
    """Put what moves into modules: settings, and one per heading, or several where it must be run at several times."""
    modules = [Module(name="settings", heading="What can be set.")]
    places: dict[str, int] = {}  # name -> the index of its module
    headings, section = _headings(cells), -1
    moving = [statement for statement in analysis.statements if statement.name in analysis.moved]
    for statement in moving:
        read = {name: places.get(name) for name in statement.reads & analysis.moved - {statement.name}}
        epochs = (modules[place].epoch(analysis) for place in read.values() if place is not None)
        epoch = max([analysis.epoch_needed(statement), *epochs])
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
    """Return for each cell the number of its section and the section's heading; the notebook's title is none."""
    sections: list[tuple[int, str]] = []
    number, heading = 0, ""
    for index, cell in enumerate(cells):
        titles = _HEADING.findall(cell.source) if cell.kind == "markdown" else []
        if titles and (index or len(titles) > 1):
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
    """Move what reads a definition of a later module there, so that modules import one another in one direction.

    All between the two is inert, or the reader would have stayed: the later module can be imported as early.
    """
    is_settled = False
    while not is_settled:
        is_settled = True
        for statement in moving:
            last = max(places[name] for name in {statement.name} | (statement.reads & places.keys()))
            if places[statement.name] not in {0, last}:
                places[statement.name], is_settled = last, False


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
    lines = _imports(reads, module, analysis)
    if "display" in reads and "display" not in analysis.effects.origins:
        lines.append("from IPython.display import display")
    lines += extra
    for other in modules:
        names = [statement.name for statement in other.statements if statement.name in reads and other is not module]
        lines += [_import(f"{package}.{other.name}", names)] if names else []
    future = [line for line in lines if line.startswith("from __future__")]
    heading = re.sub(r"^[\d.) ]+(?=\S)", "", module.heading) or "Helpers"
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]*>|[`*]", "", heading)).replace("\\", "/").replace('"', "'").strip()
    sentence = words if words.endswith((".", "!", "?")) else f"{words or module.name}."
    parts = f'"""{sentence}"""', "\n".join(future), "\n".join(line for line in lines if line not in future)
    placed, above = "\n\n".join(part for part in parts if part) + "\n", ""
    for statement in module.statements:
        kind = "constant" if isinstance(statement.node, ast.Assign | ast.AnnAssign) else "definition"
        # Constants stand together.
        gap = "" if kind == above == "constant" else "\n\n" if "definition" in {kind, above} else "\n"
        placed, above = placed + gap + statement.lines[1], kind
    return placed


def _imports(reads: frozenset[str], module: Module, analysis: Analysis) -> list[str]:
    """Return the import statements a module needs, in the notebook's order, each with what it needs of it alone."""
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
            # No level: a name of a relative import has no known origin, and is never needed.
            names = [alias.name + (f" as {alias.asname}" if alias.asname else "") for alias in kept]
            lines += [_import(node.module or "", names)] if names else []
    return list(dict.fromkeys(lines))


def _import(module: str, names: Sequence[str]) -> str:
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= _LONGEST_LINE:
        return line
    return f"from {module} import (\n" + "".join(f"    {name},\n" for name in names) + ")"


def driver(cells: Sequence[Cell], modules: Sequence[Module], analysis: Analysis, package: str) -> list[Cell]:
    """Return the cells with imports in place of what moved, one per module for statements in a row."""
    homes = {statement.name: f"{package}.{module.name}" for module in modules for statement in module.statements}
    texts: dict[int, str] = {}
    for cell, statements in itertools.groupby(analysis.statements, key=lambda statement: statement.cell):
        text, row = "", dict[str, list[str]]()  # and what moved in a row: its names by their module
        for statement in statements:
            home = homes.get(statement.name)
            above = statement.lines[0] if home else statement.text
            if not home or not row or above.strip():  # else these are the lines between two definitions
                text, row = text + _import_row(row) + above, {}
            if home:
                row.setdefault(home, []).append(statement.name)
        texts[cell] = (text + _import_row(row)).removesuffix("\n")
    return [replace(cell, source=texts.get(index, cell.source)) for index, cell in enumerate(cells)]


def _import_row(names: Mapping[str, Sequence[str]]) -> str:
    return "".join(f"{_import(module, row)}\n" for module, row in names.items())
