"""A notebook -> the files of a project, and what there is to say of it. Nothing is written or run."""

import json
import re
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from kernelwright.adopt import attachments, installs, modules, moves, paths, report
from kernelwright.adopt.moves import Analysis
from kernelwright.adopt.original import Original
from kernelwright.adopt.statements import read as read_statements
from kernelwright.bundle import notebook_io, reserved_names
from kernelwright.bundle.cells import Cell
from kernelwright.errors import InvalidNotebook, InvalidProject
from kernelwright.image import import_names, kaggle_image
from kernelwright.image.kaggle_image import Image
from kernelwright.project import scaffold
from kernelwright.pull import percent_script

_RUN_RECORDS = {"execution", "papermill", "ExecuteTime", "execution_count"}


@dataclass(frozen=True, kw_only=True)
class Conversion:
    """What a notebook becomes.

    Attributes
    ----------
    files : mapping
        Path in the project -> bytes.
    report : sequence of (str, sequence of str)
        A heading, and a line for each thing to say under it.
    reference : bytes
        The notebook itself, without the installs that were removed, to compare a run of it.
    """

    files: Mapping[str, bytes]
    report: Sequence[tuple[str, Sequence[str]]]
    reference: bytes


def convert(original: Original, folder_name: str, *, keep_cells: bool = False, tidy: bool = False) -> Conversion:
    """Convert a notebook to a project that is called as its folder.

    Raises `InvalidNotebook` with each cell that is not Python, or that no percent script can hold.
    """
    image, slug = kaggle_image.load(kaggle_image.DEFAULT), scaffold.slug(folder_name)
    cells, removed = _without_installs(_writable_cells(original), image)
    analysis = moves.analyse(read_statements(cells), image)
    if keep_cells:
        analysis.moved.clear()
    package = _package(slug, analysis, image)
    words = {word for statement in analysis.statements for word in re.findall(r"\w+", statement.text)}
    inputs = "kaggle_inputs" if "inputs" in words else "inputs"
    statements = [replace(s, text=paths.through_find(s.text, inputs)) if s.is_plain else s for s in analysis.statements]
    analysis = replace(analysis, statements=statements)
    grouped = modules.group(cells, analysis)
    driver = _with_find(modules.driver(cells, grouped, analysis, package), cells, inputs)
    if tidy:
        driver = [cell for cell, before in zip(driver, cells, strict=True) if not _is_idle(before)]
    sources = {}
    for module in grouped:
        is_asking = any(f"{inputs}.find(" in statement.text for statement in module.statements)
        further = [_find_import(inputs)] if is_asking else []
        sources[f"{package}/{module.name}.py"] = modules.text(module, grouped, analysis, package, further)
    attached = attachments.find(original, [cell.source for cell in cells if cell.kind == "code"])
    files = {
        **_settings(slug, original.name, sources, driver, removed),
        **{f"kernel_src/{path}": text for path, text in sources.items()},
        "kernel-metadata.json": json.dumps(attached.metadata(slug), indent=2, ensure_ascii=False) + "\n",
        "kernel_src/main.py": percent_script.write(driver, ""),
    }
    sections = {
        "moved": [f"{package}/{m.name}.py: {', '.join(s.name for s in m.statements)}" for m in grouped],
        "left in the driver": [] if keep_cells else report.left(analysis),
        "installs": [report.installed(line) for line in removed],
        "yours to decide": [*attached.undecided, *report.open_questions(driver, pickles=bool(grouped))],
    }
    reference = [replace(cell, id=f"cell-{number}") for number, cell in enumerate(cells)]
    return Conversion(
        files={path: text.encode() for path, text in sorted(files.items())},
        report=[(heading, lines) for heading, lines in sections.items() if lines],
        reference=notebook_io.write(reference),
    )


def _writable_cells(original: Original) -> list[Cell]:
    """Return the cells without the records of a run; raise for those that no percent script can hold as they are."""
    cells = []
    for cell in original.cells:
        metadata = {key: value for key, value in percent_script.metadata(cell).items() if key not in _RUN_RECORDS}
        cells.append(Cell(kind=cell.kind, source=cell.source.rstrip("\n"), metadata=metadata))
    with suppress(InvalidProject):
        if percent_script.same(percent_script.read(percent_script.write(cells, "")), cells):
            return cells  # which is quicker than to try each
    problems = ((number, percent_script.problem(cell)) for number, cell in enumerate(cells, 1))
    if lines := [f"{original.name}: cell {number}: {problem}" for number, problem in problems if problem]:
        raise InvalidNotebook("\n".join(lines))
    return cells


def _without_installs(cells: Sequence[Cell], image: Image) -> tuple[list[Cell], list[installs.Removed]]:
    kept, removed = list(cells), []
    for index, cell in enumerate(cells):
        if cell.kind == "code":
            source, lines = installs.remove(index, cell.source, image.distributions)
            kept[index] = replace(cell, source=source)
            removed += lines
    return kept, removed


def _package(slug: str, analysis: Analysis, image: Image) -> str:
    """Name the package for the slug, unless that would hide another module or a name of the notebook."""
    name = slug.replace("-", "_")
    name = name if name.isidentifier() else f"kernel_{name}"
    imported = {origin.partition(".")[0] for origin in analysis.effects.origins.values()}
    taken = {*reserved_names.NAMES, *sys.stdlib_module_names, *imported, *analysis.effects.bound}
    return f"{name}_kernel" if name in taken or import_names.provided(name, image) else name


def _find_import(inputs: str) -> str:
    return f"from kernelwright.runtime import inputs{'' if inputs == 'inputs' else f' as {inputs}'}"


def _with_find(driver: Sequence[Cell], before: Sequence[Cell], inputs: str) -> list[Cell]:
    """Import ``inputs`` in the first cell that asks it."""
    cells, call = list(driver), f"{inputs}.find("
    for index, (cell, old) in enumerate(zip(cells, before, strict=True)):
        if cell.kind == "code" and call in cell.source and call not in old.source:
            lines = cell.source.split("\n")
            head = next(
                i for i, line in enumerate(lines) if line and not line.startswith(("%", "!", "from __future__"))
            )
            cells[index] = replace(cell, source="\n".join([*lines[:head], _find_import(inputs), *lines[head:]]))
            break
    return cells


def _is_idle(cell: Cell) -> bool:
    """Return whether a code cell is empty, or commented out."""
    lines = [line.strip() for line in cell.source.split("\n") if line.strip()]
    return cell.kind == "code" and all(line.startswith("#") for line in lines)


def _settings(
    slug: str, name: str, sources: Mapping[str, str], driver: Sequence[Cell], removed: Sequence[installs.Removed]
) -> dict[str, str]:
    """Return the files around the sources, the requirements of what the image lacks among them."""
    package = next(iter(sources), "").partition("/")[0]
    requirements = sorted({requirement for line in removed for requirement in line.lacking})
    submission = report.submission("\n".join(cell.source for cell in driver if cell.kind == "code"))
    values: dict[str, Any] = dict.fromkeys(("sources", "submission", "kind", "wheels"), "")
    if package:
        values["sources"] = f'sources = ["kernel_src/{package}"]\n'
    if "submission" in submission and submission != "submission.csv":
        values["submission"] = f'submission = "{submission}"\n'
    if not submission:
        values["kind"] = 'kind = "output" # it writes no submission; take this line out if it does\n'
    if requirements:
        values["wheels"] = wheels_keys(slug)
    title = slug.replace("-", " ").capitalize()
    values |= {"slug": slug, "title": title, "original": name.replace("`", "'"), "image": kaggle_image.DEFAULT}
    files = scaffold.render("adopted", values)
    if package:
        files[f"kernel_src/{package}/__init__.py"] = f'"""The modules of {slug}."""\n'
    if requirements:
        files["wheels/requirements.in"] = "".join(f"{line}\n" for line in requirements)
    return files


def wheels_keys(slug: str) -> str:
    """Return the keys of the wheels as comments: with them, nothing can be built until the wheels are locked."""
    wheels = f"{slug[:43]}-wheels"
    return (
        f"# What Kaggle's image lacks: attach OWNER/{wheels}, take the two # away, run `kernelwright wheels`.\n"
        f'# wheels = "wheels/requirements.in"\n# wheels_dataset = "{wheels}"\n'
    )
