"""Convert a notebook to the files of a project and a report. Nothing is written or executed."""

import json
import re
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from kernelwright.adopt import attachments, installs, modules, paths, report, statements
from kernelwright.adopt.moves import Analysis
from kernelwright.adopt.original import Original
from kernelwright.bundle import notebook_io, reserved_names
from kernelwright.bundle.cells import Cell
from kernelwright.errors import InvalidNotebook, InvalidProject
from kernelwright.image import import_names, kaggle_image
from kernelwright.project import scaffold
from kernelwright.pull import percent_script

# Metadata of a cell that records a run: it is dropped.
_RUN_RECORDS = {"execution", "papermill", "ExecuteTime", "execution_count"}


@dataclass(frozen=True, kw_only=True)
class Conversion:
    """The result of a conversion.

    Attributes
    ----------
    files : mapping
        Path in the project -> bytes.
    report : sequence of (str, sequence of str)
        Headings, each with the lines below it.
    reference : bytes
        The original notebook without the removed installs, which `verify` runs and compares with the built one.
    """

    files: Mapping[str, bytes]
    report: Sequence[tuple[str, Sequence[str]]]
    reference: bytes


def convert(original: Original, folder_name: str, *, keep_cells: bool = False, tidy: bool = False) -> Conversion:
    """Convert a notebook to a project named after its folder.

    Raises `InvalidNotebook`, which names every cell that is not Python or that a percent script cannot represent.
    """
    image, slug = kaggle_image.load(kaggle_image.DEFAULT), scaffold.slug(folder_name)
    cells, removed = installs.remove_all(_writable_cells(original), image.distributions)
    code = [cell.source for cell in cells if cell.kind == "code"]
    # The notebook may use the name `inputs` itself.
    inputs = "kaggle_inputs" if any(re.search(r"\binputs\b", source) for source in code) else "inputs"
    through_find = [
        replace(statement, text=paths.through_find(statement.text, inputs)) if statement.is_plain else statement
        for statement in statements.read(cells)
    ]
    analysis = Analysis(statements=through_find, image=image, keep_cells=keep_cells)
    package = _package(slug, analysis)
    grouped = modules.group(cells, analysis)
    call = f"{inputs}.find("
    find_import = "from kernelwright.runtime import inputs" + ("" if inputs == "inputs" else f" as {inputs}")
    driver = _with_import(modules.driver(cells, grouped, analysis, package), cells, call, find_import)
    if tidy:
        is_idle = [
            cell.kind == "code" and all(line.lstrip()[:1] in {"", "#"} for line in cell.source.split("\n"))
            for cell in cells
        ]
        driver = [cell for cell, idle in zip(driver, is_idle, strict=True) if not idle]
    metadata, undecided = attachments.metadata(slug, original, code)
    files = _settings(slug, original.name, package if grouped else "", driver, removed)
    files["kernel-metadata.json"] = json.dumps(metadata, indent=2, ensure_ascii=False) + "\n"
    files["kernel_src/main.py"] = percent_script.write(driver, "")
    for module in grouped:
        is_asking = any(call in statement.text for statement in module.statements)
        text = modules.text(module, grouped, analysis, package, [find_import] if is_asking else [])
        files[f"kernel_src/{package}/{module.name}.py"] = text
    sections = {
        "moved": [f"{package}/{m.name}.py: {', '.join(s.name for s in m.statements)}" for m in grouped],
        "left in the driver": [] if keep_cells else report.left(analysis),
        "installs": [line.outcome for line in removed],
        "for you to decide": [*undecided, *report.open_questions(driver, pickles=bool(grouped))],
    }
    reference = [replace(cell, id=f"cell-{number}") for number, cell in enumerate(cells)]
    return Conversion(
        files={path: text.encode() for path, text in sorted(files.items())},
        report=[(heading, lines) for heading, lines in sections.items() if lines],
        reference=notebook_io.write(reference),
    )


def _writable_cells(original: Original) -> list[Cell]:
    """Return the cells without records of a run.

    Raises `InvalidNotebook` if a percent script cannot represent a cell exactly.
    """
    cells = []
    for cell in original.cells:
        metadata = {key: value for key, value in percent_script.metadata(cell).items() if key not in _RUN_RECORDS}
        cells.append(Cell(kind=cell.kind, source=cell.source.rstrip("\n"), metadata=metadata))
    with suppress(InvalidProject):
        if percent_script.same(percent_script.read(percent_script.write(cells, "")), cells):
            return cells  # one round trip of all cells is quicker than one per cell, which only names the faulty ones
    problems = ((number, percent_script.problem(cell)) for number, cell in enumerate(cells, 1))
    if lines := [f"{original.name}: cell {number}: {problem}" for number, problem in problems if problem]:
        raise InvalidNotebook("\n".join(lines))
    return cells


def _package(slug: str, analysis: Analysis) -> str:
    """Return the package's name: the slug, with a suffix if it would hide another module or a name of the notebook."""
    name = slug.replace("-", "_")
    name = name if name.isidentifier() else f"kernel_{name}"
    imported = {origin.partition(".")[0] for origin in analysis.effects.origins.values()}
    taken = {*reserved_names.NAMES, *sys.stdlib_module_names, *imported, *analysis.binders}
    return f"{name}_kernel" if name in taken or import_names.provided(name, analysis.image) else name


def _with_import(driver: Sequence[Cell], before: Sequence[Cell], call: str, line: str) -> list[Cell]:
    """Add an import to the first cell with a new call, which makes the name available in later cells too.

    The import goes below leading blank lines, magics, shell lines and ``from __future__`` imports.
    """
    cells = list(driver)
    for index, (cell, old) in enumerate(zip(driver, before, strict=True)):
        if call in cell.source and call not in old.source:
            lines = cell.source.split("\n")
            is_head = re.compile(r"$|%|!|from __future__").match
            first = next(number for number, text in enumerate(lines) if not is_head(text))
            cells[index] = replace(cell, source="\n".join([*lines[:first], line, *lines[first:]]))
            break
    return cells


def _settings(
    slug: str, name: str, package: str, driver: Sequence[Cell], removed: Sequence[installs.Removed]
) -> dict[str, str]:
    """Return the project's other files, including the requirements for what the image lacks."""
    requirements = sorted({requirement for line in removed for requirement in line.lacking})
    submission = report.submission("\n".join(cell.source for cell in driver if cell.kind == "code"))
    is_named = submission not in {"", "submission.csv"}
    values = {
        "slug": slug,
        "title": slug.replace("-", " ").capitalize(),
        "original": name.replace("`", "'"),
        "image": kaggle_image.DEFAULT,
        "sources": f'sources = ["kernel_src/{package}"]\n' if package else "",
        "submission": f'submission = "{submission}"\n' if is_named else "",
        "kind": "" if submission else 'kind = "output" # it writes no submission; take this line out if it does\n',
        "wheels": wheels_keys(slug) if requirements else "",
    }
    files = scaffold.render("adopted", values)
    if package:
        files[f"kernel_src/{package}/__init__.py"] = f'"""The modules of {slug}."""\n'
    if requirements:
        files["wheels/requirements.in"] = "".join(f"{line}\n" for line in requirements)
    return files


def wheels_keys(slug: str) -> str:
    """Return the configuration keys for wheels, commented out: active, they prevent a build until wheels are locked."""
    wheels = f"{slug[:43]}-wheels"  # a slug on Kaggle has at most 50 characters
    return (
        f"# What Kaggle's image lacks: attach OWNER/{wheels}, take the two # away, run `kernelwright wheels`.\n"
        f'# wheels = "wheels/requirements.in"\n# wheels_dataset = "{wheels}"\n'
    )
