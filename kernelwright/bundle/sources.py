"""Collect the files that a project's notebook carries: read and order them, and choose a carrier for each."""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Literal

from kernelwright.bundle import file_walk, imports, reserved_names, vendor
from kernelwright.bundle.source_tree import DRIVER, DriverPlacement, SourceFile, SourceTree
from kernelwright.errors import Problem
from kernelwright.project.config import RUNTIME
from kernelwright.project.model import PYPROJECT, TABLE, Project
from kernelwright.support import ipython_syntax

_LARGEST_DATA_CELL_BYTES = 20_000
_LONGEST_NAME = 200  # bytes; no file can have a name of more than 255


def collect(project: Project, driver: Sequence[str]) -> tuple[SourceTree, list[Problem]]:
    """Return the source tree of the project's kernel, and all problems. The tree is complete if there are no problems.

    Problems are, for example, files outside the project, invalid Python, two files with the same path, and an import
    that finds its module only in place. ``driver`` holds the text of the driver's code cells.
    """
    vendored, vendor_problems = vendor.collect(project)
    own, source_problems = _read_sources(project)
    problems = [*_name_clashes(project), *vendor_problems, *source_problems]
    read = [*vendored, *own]
    files = {file.path: file for file in reversed(read)}  # reversed: if two files share a path, the first one stays
    placement, script = _place_driver(project, files)
    for file in (*read, script):
        twin = files.get(file.path, file)
        if twin.data != file.data:
            origin = project.configuration.driver if file is script else file.origin
            message = f"{origin} and {twin.origin} both bring {twin.path}"
            problems.append(Problem(code="KW212", file="", message=message, fix="rename one of them"))
    if placement.carried:
        files[script.path] = script
    in_dataset = project.configuration.carrier == "dataset"
    carried = {path: replace(file, carrier="dataset" if in_dataset else carrier(file)) for path, file in files.items()}
    tree, syntax_problems = _order(carried, placement)
    return tree, [*problems, *syntax_problems, *_uncarried_imports(project, driver, tree)]


def _name_clashes(project: Project) -> Iterator[Problem]:
    """Yield a problem for each source whose name in the source tree is already taken or reserved."""
    owners = {name: f"vendor {name}" for name in vendor.names(project)}
    for index, (key, source) in enumerate(zip(project.configuration.sources, project.sources, strict=True)):
        place, name = f"{TABLE}.sources[{index}]", source.name.removesuffix(".py")
        if (owner := owners.setdefault(name, key)) != key:
            message, fix = f"{owner!r} and {key!r} share the name {name!r}", "rename one of them"
            yield Problem(code="KW212", file=PYPROJECT, place=place, message=message, fix=fix)
        if name in reserved_names.NAMES:
            message = f"{key!r} would hide {name!r}, which the notebook itself needs"
            yield Problem(code="KW213", file=PYPROJECT, place=place, message=message, fix="rename it")


def _read_sources(project: Project) -> tuple[list[SourceFile], list[Problem]]:
    excluded = file_walk.matcher(project.configuration.exclude)
    files: list[SourceFile] = []
    problems: list[Problem] = []
    for index, source in enumerate(project.sources):
        origin = source.relative_to(project.root).as_posix()
        if source.exists() or source.is_symlink():  # the walk reports a dangling link
            walked, faults = file_walk.walk(source, source.name, project.root, excluded)
            files += (SourceFile(path=path, data=data, origin=origin) for path, data in walked)
            problems += faults
        else:
            place, message = f"{TABLE}.sources[{index}]", f"no file or folder {origin!r} in {project.root.name}/"
            fix = "correct the name, or make it"
            problems.append(Problem(code="KW211", file=PYPROJECT, place=place, message=message, fix=fix))
    return files, problems


def carrier(file: SourceFile) -> Literal["cell", "bootstrap"]:
    """Return the carrier of a file with ``carrier = "cells"``: a ``%%module`` cell or the bootstrap cell."""
    # Cells for the runtime filled screens before the story began (docs/bundle.md).
    if file.text is None or file.origin == DRIVER or file.vendored == RUNTIME:
        return "bootstrap"
    # IPython expands characters such as braces in the line of a magic, and editors trim spaces at its end.
    is_name_plain = re.fullmatch(r"[\w./ @+=,()-]+", file.path) and file.path == file.path.strip()
    is_shown = is_name_plain and (file.path.endswith(".py") or len(file.data) <= _LARGEST_DATA_CELL_BYTES)
    return "cell" if is_shown else "bootstrap"


def _place_driver(project: Project, files: Mapping[str, SourceFile]) -> tuple[DriverPlacement, SourceFile]:
    """Return the driver's place in the source tree, and the driver as a source file."""
    path = _path_in_tree(project, project.driver) or project.driver.name
    try:
        data = project.driver.read_bytes()
    except OSError:  # `notebook_io.read_driver` reports it
        data = b""
    syntax = ipython_syntax.parse(data)
    folder = PurePosixPath(path).parent.as_posix().removeprefix(".")
    packaged = f"{folder}/__init__.py" in files or bool(syntax and imports.is_relative(syntax))
    package = folder.replace("/", ".") if folder and packaged else ""
    # A driver with magics does not parse as Python, so nothing can import it.
    carried = path in files or bool(syntax and _needs_file(path, data, syntax, files))
    placement = DriverPlacement(file=path, package=package, folder="" if package else folder, carried=carried)
    return placement, SourceFile(path=path, data=data, origin=DRIVER)


def _path_in_tree(project: Project, file: Path) -> str:
    """Return the path in the source tree of a file that belongs to a source; empty if it belongs to none."""
    for source in project.sources:
        if file.is_relative_to(source):
            return (source.name / file.relative_to(source)).as_posix()
    return ""


def _needs_file(path: str, data: bytes, syntax: ast.Module, files: Mapping[str, SourceFile]) -> bool:
    """Return True if the driver mentions ``__file__``, has a ``__name__`` guard, or is imported by a module."""
    guards = (node.test for node in syntax.body if isinstance(node, ast.If))
    names = (part.id for guard in guards for part in ast.walk(guard) if isinstance(part, ast.Name))
    if b"__file__" in data or "__name__" in names:
        return True
    module = imports.module_name(path)
    for file in files.values() if module else ():
        # Parsing is slow, so parse only files that contain the name.
        if (
            str(module).encode() in file.data
            and file.path.endswith(".py")
            and (tree := ipython_syntax.parse(file.data))
        ):
            own, is_package = imports.module_name(file.path) or "", file.path.endswith("__init__.py")
            if imports.imported(tree, own, is_package=is_package, carried=frozenset({str(module)})):
                return True
    return False


def _order(files: Mapping[str, SourceFile], placement: DriverPlacement) -> tuple[SourceTree, list[Problem]]:
    """Parse each module and order the files by their imports. Also return a problem for each invalid module."""
    problems: list[Problem] = []
    # Modules beside the driver are imported by their bare name.
    names = {path: imports.module_name(path.removeprefix(f"{placement.folder}/")) for path in files}
    # If files share a name, Python imports the one in the driver's folder, and a package (`x/__init__.py`, which sorts
    # later) rather than a module (`x.py`). The last one wins here.
    beside = f"{placement.folder}/"
    in_order = sorted(names.items(), key=lambda item: (item[0].startswith(beside), item[0]))
    paths = {name: path for path, name in in_order if name}
    carried, graph, trees = frozenset(paths), {}, {}
    for name in sorted(carried):
        path, tree = paths[name], ast.Module(body=[], type_ignores=[])
        try:
            tree = ast.parse(files[path].data, filename=path)
        except ipython_syntax.UNPARSABLE as error:
            if files[path].origin != DRIVER:  # the driver's cells are parsed one by one elsewhere
                problems.append(_syntax_problem(files[path], error))
        graph[name] = imports.imported(tree, name, is_package=path.endswith("__init__.py"), carried=carried)
        trees[path] = tree
    rank = {name: index for index, name in enumerate(imports.dependency_order(graph))}
    parsed = (replace(file, module=names[path], syntax=trees.get(path)) for path, file in files.items())
    ordered = sorted(parsed, key=lambda file: (rank.get(file.module or "", -1), file.path))
    return SourceTree(files=tuple(ordered), graph=graph, placement=placement), problems


def _syntax_problem(file: SourceFile, error: Exception) -> Problem:
    """Return the problem of a file that is not valid Python."""
    # Python versions word this error differently, so bytes that are not UTF-8 are reported in our own words.
    if b"coding" not in b"".join(file.data.splitlines()[:2]):  # Python reads a coding only in the first two lines
        try:
            file.data.decode("utf-8")
        except UnicodeDecodeError as fault:
            line = file.data.count(b"\n", 0, fault.start) + 1
            fix = "save it as UTF-8, or declare its coding in its first line"
            return Problem(code="KW219", file=file.location, place=line, message="not UTF-8", fix=fix)
    line, message = ipython_syntax.complaint(error)
    return Problem(code="KW205", file=file.location, place=line, message=message, fix="correct the syntax")


def _uncarried_imports(project: Project, driver: Sequence[str], tree: SourceTree) -> Iterator[Problem]:
    """Yield a problem for each uncarried module beside the driver that is certainly imported.

    The driver imports it itself, or through a carried source.
    """
    body = [statement for cell in driver for statement in ipython_syntax.syntax_tree(cell).body]
    code = ast.Module(body=body, type_ignores=[])
    # A name inside the driver's package, so that its relative imports are resolved.
    name = f"{tree.placement.package}." if tree.placement.package else ""
    imported = imports.imported(code, name, is_package=False, carried=frozenset(tree.graph))
    reached = frozenset[str]().union(*(imports.closure(tree.graph, module) for module in imported))
    importers = {project.configuration.driver: imports.required(code)}
    importers |= {
        f.location: imports.required(f.syntax) for f in tree.files if f.module in reached and f.syntax and f.is_source
    }
    top_level = {module.partition(".")[0] for module in tree.graph}
    for importer, modules in importers.items():
        for module in sorted(modules - top_level):
            # A longer name cannot be a file, and asking the file system for it would raise OSError.
            if len(module.encode()) <= _LONGEST_NAME and (beside := _beside(project.driver, module)):
                file = beside.relative_to(project.root).as_posix()
                message, fix = f"{file} is not carried", "add it to tool.kernelwright.sources"
                if path := _path_in_tree(project, beside):
                    package = path.removesuffix(".py").rpartition("/")[0].replace("/", ".")
                    message = f"{file} is carried as {package}.{module}: its folder is a package"
                    fix = f"write `from {package} import {module}`, or delete the folder's __init__.py"
                message = f"imports {module!r}, and {message}"
                yield Problem(code="KW214", file=importer, message=message, fix=fix)


def _beside(driver: Path, name: str) -> Path | None:
    module, package = driver.with_name(f"{name}.py"), driver.with_name(name)
    if module.is_file() and module != driver:
        return module
    return package if any(package.glob("*.py")) else None
