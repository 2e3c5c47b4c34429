"""The files a notebook carries: found, ordered, digested."""

import ast
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path, PurePosixPath

from kernelwright.bundle import file_walk, imports, reserved_names, vendor
from kernelwright.errors import InvalidProject
from kernelwright.project.model import Project

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
        Which entry of the configuration brings it.
    module : str or None
        Dotted name it is imported by, None for a data file.
    summary : str
        What its docstring says first.
    """

    path: str
    data: bytes
    origin: str
    module: str | None = None
    summary: str = ""

    @cached_property
    def sha256(self) -> str:
        """Hex digest of the bytes."""
        return hashlib.sha256(self.data).hexdigest()

    @cached_property
    def text(self) -> str | None:
        """The text a notebook cell can hold exactly, None where it cannot: nothing, or not UTF-8."""
        try:
            return self.data.decode("utf-8") or None
        except UnicodeDecodeError:
            return None


@dataclass(frozen=True, kw_only=True)
class Stage:
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
    stage: Stage

    @property
    def digests(self) -> dict[str, str]:
        """Path -> sha256, in the tree's order."""
        return {file.path: file.sha256 for file in self.files}


def collect(project: Project) -> SourceTree:
    """Read everything the project's kernel carries.

    Raises
    ------
    InvalidProject
        With every file that cannot be carried: outside the project, not Python, two under one name.
    """
    problems = _name_clashes(project)
    found: dict[str, SourceFile] = {}
    for file in _every_file(project, problems):
        twin = found.setdefault(file.path, file)
        if twin.data != file.data:
            problems.append(f"{file.origin} and {twin.origin} both bring {file.path}; rename one of them")
    staged, script = _staged(project, found, problems)
    named = {**found, **({script.path: script} if script else {})}
    tree, roots = _understood(named, staged, problems)
    problems += _left_behind(project, tree, roots)
    if problems:
        raise InvalidProject(list(dict.fromkeys(problems)))
    return tree


def _name_clashes(project: Project) -> list[str]:
    """Find sources that would land under one name in the tree, or in front of what the notebook needs."""
    owners = {name: f"vendor {name}" for name in vendor.names(project)}
    clashes = []
    for key, source in zip(project.configuration.sources, project.sources, strict=True):
        where = "pyproject.toml: tool.kernelwright.sources"
        name = source.name.removesuffix(".py")
        owner = owners.setdefault(name, key)
        if owner != key:
            clashes.append(f"{where}: {owner!r} and {key!r} share the name {name!r}; rename one of them")
        if name in reserved_names.NAMES:
            clashes.append(f"{where}: {key!r} would hide {name!r}, which the notebook itself needs; rename it")
    return clashes


def _every_file(project: Project, problems: list[str]) -> Iterator[SourceFile]:
    for found in vendor.walk(project, problems):
        yield SourceFile(path=found.path, data=found.data, origin=found.origin)
    for index, source in enumerate(project.sources):
        origin = source.relative_to(project.root).as_posix()
        if not source.exists() and not source.is_symlink():
            where = f"pyproject.toml: tool.kernelwright.sources[{index}]"
            problems.append(
                f"{where}: no file or folder {origin!r} in {project.root.name}/; correct the name, or make it"
            )
            continue
        for found in file_walk.walk(source, source.name, origin, project.root, problems):
            yield SourceFile(path=found.path, data=found.data, origin=origin)


def _staged(project: Project, found: Mapping[str, SourceFile], problems: list[str]) -> tuple[Stage, SourceFile | None]:
    """Find the driver's place in the tree, and the driver as a file of it where one is needed."""
    data = _bytes(project.driver)
    tree = _python(data)
    path = _driver_path(project)
    folder = PurePosixPath(path).parent.as_posix().removeprefix(".")
    packaged = f"{folder}/__init__.py" in found or bool(tree and imports.is_relative(tree))
    package = folder.replace("/", ".") if folder and packaged else ""
    script = SourceFile(path=path, data=data, origin=DRIVER)
    if path in found and found[path].data != data:
        problems.append(
            f"{project.configuration.driver} and {found[path].origin} both bring {path}; rename one of them"
        )
    carried = path in found or _is_wanted(script, tree, found)
    staged = Stage(file=path, package=package, folder="" if package else folder, carried=carried)
    return staged, script if carried else None


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # reported by who reads the driver's cells
        return b""


def _driver_path(project: Project) -> str:
    for source in project.sources:
        if project.driver.is_relative_to(source):
            return (source.name / project.driver.relative_to(source)).as_posix()
    return project.driver.name


def _is_wanted(script: SourceFile, tree: ast.Module | None, found: Mapping[str, SourceFile]) -> bool:
    """Tell whether anything needs the driver as a file; one with magics is no module."""
    if tree is None:
        return False
    if b"__file__" in script.data or any(isinstance(node, ast.If) and _is_guard(node) for node in tree.body):
        return True
    name = imports.module_name(script.path) or ""
    needle = name.encode()
    texts = (file for file in found.values() if name and file.path.endswith(".py") and needle in file.data)
    return any(_imports(file, name) for file in texts)


def _is_guard(node: ast.If) -> bool:
    names = {part.id for part in ast.walk(node.test) if isinstance(part, ast.Name)}
    return "__name__" in names


def _python(data: bytes) -> ast.Module | None:
    try:
        return ast.parse(data)
    except (SyntaxError, ValueError):
        return None


def _imports(file: SourceFile, name: str) -> bool:
    tree = _python(file.data)
    if tree is None:
        return False
    own = imports.module_name(file.path) or ""
    package = file.path.endswith("__init__.py")
    return bool(imports.imported(tree, own, is_package=package, carried=frozenset({name})))


def _understood(
    found: Mapping[str, SourceFile], staged: Stage, problems: list[str]
) -> tuple[SourceTree, dict[str, frozenset[str]]]:
    """Parse the modules, once, and order everything; return also the first names each file imports, by its path."""
    names = {path: imports.module_name(path.removeprefix(f"{staged.folder}/")) for path in found}
    # Where a module and a package share a name, Python takes the package.
    taken = {name: path for path, name in sorted(names.items(), reverse=True) if name}
    carried, graph, summaries, roots = frozenset(taken), {}, {}, {}
    for name, path in sorted(taken.items()):
        tree = _parsed(found[path], problems)  # and forgotten: thousands of trees kept would slow the next ones
        graph[name] = imports.imported(tree, name, is_package=path.endswith("__init__.py"), carried=carried)
        roots[path] = imports.roots(tree)
        summaries[path] = (ast.get_docstring(tree) or "").partition("\n\n")[0].replace("\n", " ").strip()
    files = (replace(file, module=names[path], summary=summaries.get(path, "")) for path, file in found.items())
    return SourceTree(files=_ordered(files, graph), graph=graph, stage=staged), roots


def _left_behind(project: Project, tree: SourceTree, roots: Mapping[str, frozenset[str]]) -> Iterator[str]:
    """Find modules beside the driver that are imported, and work in place, but would be missing in the notebook."""
    carried = {name.partition(".")[0] for name in tree.graph}
    driver = _python(_bytes(project.driver))
    importers = {project.configuration.driver: imports.roots(driver) if driver else frozenset()}
    importers |= {_place(file): roots.get(file.path, frozenset()) for file in tree.files if _is_own(file)}
    for place, names in importers.items():
        for name in sorted(names - carried):
            if beside := _beside(project.driver, name):
                there = beside.relative_to(project.root).as_posix()
                yield f"{place} imports {name!r}, and {there} is not carried; add it to tool.kernelwright.sources"


def _is_own(file: SourceFile) -> bool:
    return file.origin != DRIVER and not file.origin.startswith("vendor ")


def _beside(driver: Path, name: str) -> Path | None:
    module, package = driver.with_name(f"{name}.py"), driver.with_name(name)
    if module.is_file() and module != driver:
        return module
    return package if any(package.glob("*.py")) else None


def _parsed(file: SourceFile, problems: list[str]) -> ast.Module:
    try:
        return ast.parse(file.data, filename=file.path)
    except (SyntaxError, ValueError) as error:
        if file.origin != DRIVER:  # its cells are judged one by one
            problems.append(f"{_place(file)}:{_fault(file, error)}")
        return ast.Module(body=[], type_ignores=[])


def _fault(file: SourceFile, error: SyntaxError | ValueError) -> str:
    """Say where and why a file is not Python, in words that are the same in every version of it where they can be."""
    if b"coding" not in b"".join(file.data.splitlines()[:2]):
        try:
            file.data.decode("utf-8")
        except UnicodeDecodeError as fault:
            line = file.data.count(b"\n", 0, fault.start) + 1
            return f"{line}: not UTF-8; save it as UTF-8, or declare its coding in its first line"
    return f"{getattr(error, 'lineno', None) or 1}: {getattr(error, 'msg', error)}; not Python as it stands"


def _place(file: SourceFile) -> str:
    inside = file.path.partition("/")[2]
    return f"{file.origin}/{inside}" if inside else file.origin


def _ordered(found: Iterable[SourceFile], graph: imports.Graph) -> tuple[SourceFile, ...]:
    rank = {name: index for index, name in enumerate(imports.dependency_order(graph))}
    return tuple(sorted(found, key=lambda file: (rank.get(file.module or "", -1), file.path)))
