"""The files a notebook carries: read, ordered, digested."""

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path, PurePosixPath

from kernelwright.bundle import file_walk, imports, reserved_names, vendor
from kernelwright.errors import Problem
from kernelwright.project.model import PYPROJECT, TABLE, Project
from kernelwright.support import hashing, ipython_syntax

_LONGEST_NAME = 200  # bytes; no file can have one over 255
DRIVER = "driver"
"""Origin of the driver, where it is carried as a file beside being the notebook's cells."""


@dataclass(frozen=True, kw_only=True)
class SourceFile:
    """One file of the carried tree.

    Attributes
    ----------
    path : str
        POSIX path in the tree.
    data : bytes
        Its bytes, exactly as on disk.
    origin : str
        Which entry of the configuration brings it: a source, ``vendor NAME``, or `DRIVER`.
    module : str or None
        Dotted name it is imported by, None for a data file.
    summary : str
        What its docstring says first.
    syntax : ast.Module or None
        Its tree, where it is a module, so that `check` need not parse it again; nothing changes it.
    """

    path: str
    data: bytes
    origin: str
    module: str | None = None
    summary: str = ""
    syntax: ast.Module | None = field(default=None, compare=False, repr=False)

    @property
    def vendored(self) -> str:
        """The package of the environment that it belongs to; empty for a file of the project."""
        return self.origin.removeprefix("vendor ") if self.origin.startswith("vendor ") else ""

    @property
    def is_source(self) -> bool:
        """Whether one of the project's sources brings it: neither a vendored package nor the driver."""
        return not self.vendored and self.origin != DRIVER

    @property
    def location(self) -> str:
        """Where a file of a source lies in the project."""
        inside = self.path.partition("/")[2]
        return f"{self.origin}/{inside}" if inside else self.origin

    @cached_property
    def sha256(self) -> str:
        """Hex digest of the bytes."""
        return hashing.sha256(self.data)

    @cached_property
    def text(self) -> str | None:
        """The text a notebook cell can hold exactly, None where it cannot: nothing, or not UTF-8."""
        try:
            return self.data.decode("utf-8") or None
        except UnicodeDecodeError:
            return None


@dataclass(frozen=True, kw_only=True)
class DriverPlacement:
    """Where the driver's cells find themselves, as the driver does when it is run in place.

    Attributes
    ----------
    file : str
        The driver's path in the tree.
    package : str
        The package whose relative imports it uses, as under ``python -m``; else empty.
    folder : str
        A folder of the tree that comes first on ``sys.path``, as a script's does; empty for the tree itself.
    carried : bool
        Whether the file itself is there: a module imports it, it asks for ``__file__``, or a ``__main__`` guard
        tells that worker processes may import it.
    """

    file: str
    package: str = ""
    folder: str = ""
    carried: bool = False


@dataclass(frozen=True, kw_only=True)
class SourceTree:
    """The carried files: data files first, then modules, each after those it imports."""

    files: tuple[SourceFile, ...]
    graph: imports.Graph
    placement: DriverPlacement

    @property
    def digests(self) -> dict[str, str]:
        """Path -> sha256, in the tree's order."""
        return {file.path: file.sha256 for file in self.files}


def collect(project: Project, driver: Sequence[str]) -> tuple[SourceTree, list[Problem]]:
    """Read everything the project's kernel carries; ``driver`` is the text of the driver's code cells.

    The problems are all that cannot be carried or imported: files outside the project, what is not Python, two files
    under one name, an import that finds its module only in place. The tree is complete where there are none.
    """
    files, problems = _read_files(project)
    problems[:0] = _name_clashes(project)
    by_path: dict[str, SourceFile] = {}
    for file in files:
        twin = by_path.setdefault(file.path, file)
        if twin.data != file.data:
            problems.append(_same_path(file.origin, twin.origin, file.path))
    placement, script = _place_driver(project, by_path)
    twin = by_path.get(script.path, script)
    if twin.data != script.data:
        problems.append(_same_path(project.configuration.driver, twin.origin, script.path))
    if placement.carried:
        by_path[script.path] = script
    tree, required, not_python = _analyse(by_path, placement)
    problems += not_python
    problems += _uncarried_imports(project, driver, tree, required)
    return tree, problems


def _same_path(origin: str, other: str, path: str) -> Problem:
    return Problem(code="KW212", file="", message=f"{origin} and {other} both bring {path}", fix="rename one of them")


def _name_clashes(project: Project) -> list[Problem]:
    """Find sources that would land under one name in the tree, or in front of what the notebook needs."""
    owners = {name: f"vendor {name}" for name in vendor.names(project)}
    problems = []
    for index, (key, source) in enumerate(zip(project.configuration.sources, project.sources, strict=True)):
        place = f"{TABLE}.sources[{index}]"
        name = source.name.removesuffix(".py")
        owner = owners.setdefault(name, key)
        if owner != key:
            message = f"{owner!r} and {key!r} share the name {name!r}"
            problems.append(
                Problem(code="KW212", file=PYPROJECT, place=place, message=message, fix="rename one of them")
            )
        if name in reserved_names.NAMES:
            message = f"{key!r} would hide {name!r}, which the notebook itself needs"
            problems.append(Problem(code="KW213", file=PYPROJECT, place=place, message=message, fix="rename it"))
    return problems


def _read_files(project: Project) -> tuple[list[SourceFile], list[Problem]]:
    files, problems = vendor.collect(project)
    for index, source in enumerate(project.sources):
        origin = source.relative_to(project.root).as_posix()
        if not source.exists() and not source.is_symlink():
            place, message = f"{TABLE}.sources[{index}]", f"no file or folder {origin!r} in {project.root.name}/"
            fix = "correct the name, or make it"
            problems.append(Problem(code="KW211", file=PYPROJECT, place=place, message=message, fix=fix))
            continue
        walked, wrong = file_walk.walk(source, source.name, origin, project.root, project.configuration.exclude)
        files += walked
        problems += wrong
    return [SourceFile(path=file.path, data=file.data, origin=file.origin) for file in files], problems


def _place_driver(project: Project, files: Mapping[str, SourceFile]) -> tuple[DriverPlacement, SourceFile]:
    """Find the driver's place in the tree, and what it is as a file of it."""
    path = _carried_path(project, project.driver) or project.driver.name
    try:
        data = project.driver.read_bytes()
    except OSError:  # reported by who reads the driver's cells
        data = b""
    script = SourceFile(path=path, data=data, origin=DRIVER)
    tree = ipython_syntax.parse(data)
    folder = PurePosixPath(path).parent.as_posix().removeprefix(".")
    packaged = f"{folder}/__init__.py" in files or bool(tree and imports.is_relative(tree))
    package = folder.replace("/", ".") if folder and packaged else ""
    # A driver with magics is no module: nothing can need it as a file.
    carried = path in files or (tree is not None and _is_needed_as_file(script, tree, files.values()))
    placement = DriverPlacement(file=path, package=package, folder="" if package else folder, carried=carried)
    return placement, script


def _carried_path(project: Project, file: Path) -> str:
    """Return where a file of a source lands in the tree; empty for a file of none."""
    for source in project.sources:
        if file.is_relative_to(source):
            return (source.name / file.relative_to(source)).as_posix()
    return ""


def _is_needed_as_file(script: SourceFile, tree: ast.Module, files: Iterable[SourceFile]) -> bool:
    guards = (node.test for node in tree.body if isinstance(node, ast.If))
    names = (part.id for guard in guards for part in ast.walk(guard) if isinstance(part, ast.Name))
    if b"__file__" in script.data or "__name__" in names:
        return True
    name = imports.module_name(script.path)
    return bool(name) and any(_imports(file, str(name)) for file in files if file.path.endswith(".py"))


def _imports(file: SourceFile, name: str) -> bool:
    tree = ipython_syntax.parse(file.data) if name.encode() in file.data else None  # parsing takes its time
    own, is_package = imports.module_name(file.path) or "", file.path.endswith("__init__.py")
    return tree is not None and bool(imports.imported(tree, own, is_package=is_package, carried=frozenset({name})))


def _analyse(
    files: Mapping[str, SourceFile], placement: DriverPlacement
) -> tuple[SourceTree, dict[str, frozenset[str]], list[Problem]]:
    """Parse each module once, and order everything; return also what each needs when it is imported, by its name."""
    names = {path: imports.module_name(path.removeprefix(f"{placement.folder}/")) for path in files}
    # Where a module and a package share a name, Python takes the package.
    paths = {name: path for path, name in sorted(names.items(), reverse=True) if name}
    carried, graph, trees, required, problems = frozenset(paths), {}, {}, {}, []
    for name, path in sorted(paths.items()):
        tree = ast.Module(body=[], type_ignores=[])
        try:
            tree = ast.parse(files[path].data, filename=path)
        except ipython_syntax.UNPARSABLE as error:
            if files[path].origin != DRIVER:  # whose cells are parsed one by one
                problems.append(_syntax_problem(files[path], error))
        graph[name] = imports.imported(tree, name, is_package=path.endswith("__init__.py"), carried=carried)
        required[name] = imports.required(tree)
        trees[path] = tree
    rank = {name: index for index, name in enumerate(imports.dependency_order(graph))}
    described = (
        replace(file, module=names[path], syntax=trees.get(path), summary=_summary(trees.get(path)))
        for path, file in files.items()
    )
    ordered = sorted(described, key=lambda file: (rank.get(file.module or "", -1), file.path))
    return SourceTree(files=tuple(ordered), graph=graph, placement=placement), required, problems


def _summary(tree: ast.Module | None) -> str:
    docstring = (ast.get_docstring(tree) if tree else None) or ""
    return docstring.partition("\n\n")[0].replace("\n", " ").strip()


def _syntax_problem(file: SourceFile, error: Exception) -> Problem:
    """Say where and why a file is not Python, in words that are the same in every version of it where they can be."""
    if b"coding" not in b"".join(file.data.splitlines()[:2]):
        try:
            file.data.decode("utf-8")
        except UnicodeDecodeError as fault:
            line = file.data.count(b"\n", 0, fault.start) + 1
            fix = "save it as UTF-8, or declare its coding in its first line"
            return Problem(code="KW219", file=file.location, place=line, message="not UTF-8", fix=fix)
    line, message = ipython_syntax.complaint(error)
    return Problem(code="KW205", file=file.location, place=line, message=message, fix="correct the syntax")


def _uncarried_imports(
    project: Project, driver: Sequence[str], tree: SourceTree, required: Mapping[str, frozenset[str]]
) -> Iterator[Problem]:
    """Find modules beside the driver that it surely imports, itself or through others, and that are not carried."""
    body = [statement for cell in driver for statement in ipython_syntax.syntax_tree(cell).body]
    code = ast.Module(body=body, type_ignores=[])
    name = f"{tree.placement.package}." if tree.placement.package else ""
    imported = imports.imported(code, name, is_package=False, carried=frozenset(tree.graph))
    reached = frozenset[str]().union(*(imports.closure(tree.graph, module) for module in imported))
    importers = {project.configuration.driver: imports.required(code)}
    importers |= {f.location: required[f.module] for f in tree.files if f.module in reached and f.is_source}
    top_level = {module.partition(".")[0] for module in tree.graph}
    for importer, modules in importers.items():
        for module in sorted(modules - top_level):
            if beside := _beside(project.driver, module):
                yield _uncarried(project, importer, module, beside)


def _beside(driver: Path, name: str) -> Path | None:
    if len(name.encode()) > _LONGEST_NAME:
        return None
    module, package = driver.with_name(f"{name}.py"), driver.with_name(name)
    if module.is_file() and module != driver:
        return module
    return package if any(package.glob("*.py")) else None


def _uncarried(project: Project, importer: str, module: str, beside: Path) -> Problem:
    file = beside.relative_to(project.root).as_posix()
    if path := _carried_path(project, beside):
        package = path.removesuffix(".py").rpartition("/")[0].replace("/", ".")
        message = f"imports {module!r}, and {file} is carried as {package}.{module}: its folder is a package"
        fix = f"write `from {package} import {module}`, or delete the folder's __init__.py"
        return Problem(code="KW214", file=importer, message=message, fix=fix)
    message, fix = f"imports {module!r}, and {file} is not carried", "add it to tool.kernelwright.sources"
    return Problem(code="KW214", file=importer, message=message, fix=fix)
