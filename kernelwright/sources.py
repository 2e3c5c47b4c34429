"""The files a notebook carries: found, ordered, digested."""

import ast
import hashlib
import importlib.util
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from kernelwright import imports
from kernelwright.errors import InvalidProject
from kernelwright.project import RUNTIME, Project

_LEFT_OUT = re.compile(r"__pycache__|\.ipynb_checkpoints|\.git|\.(mypy|pytest|ruff)_cache|\.DS_Store|.*\.py[co]")


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
    """

    path: str
    data: bytes
    origin: str

    @cached_property
    def sha256(self) -> str:
        """Hex digest of the bytes."""
        return hashlib.sha256(self.data).hexdigest()

    @cached_property
    def module(self) -> str | None:
        """Dotted module name, None for a data file."""
        return imports.module_name(self.path)

    @cached_property
    def text(self) -> str | None:
        """The text a notebook cell can hold exactly, None where it cannot: nothing, or not UTF-8."""
        try:
            return self.data.decode("utf-8") or None
        except UnicodeDecodeError:
            return None


@dataclass(frozen=True, kw_only=True)
class SourceTree:
    """The carried files: data files first, then modules, each after those it imports."""

    files: tuple[SourceFile, ...]
    graph: imports.Graph

    @property
    def digests(self) -> dict[str, str]:
        """Path -> sha256, in the tree's order."""
        return {file.path: file.sha256 for file in self.files}

    @property
    def top_level(self) -> tuple[str, ...]:
        """The names the tree adds to what can be imported."""
        return tuple(sorted({name.partition(".")[0] for name in self.graph}))


def collect(project: Project) -> SourceTree:
    """Read everything the project's kernel carries.

    Raises
    ------
    InvalidProject
        With every file that cannot be carried: outside the project, not Python, two under one name.
    """
    found: dict[str, SourceFile] = {}
    problems = _name_clashes(project)
    for file in _every_file(project, problems):
        twin = found.setdefault(file.path, file)
        if twin.data != file.data:
            problems.append(f"{file.origin} and {twin.origin} both bring {file.path}; rename one of them")
    modules = [file for file in found.values() if file.module]
    graph = _graph(modules, problems)
    if problems:
        raise InvalidProject(list(dict.fromkeys(problems)))
    return SourceTree(files=_ordered(found, graph), graph=graph)


def _name_clashes(project: Project) -> list[str]:
    """Find sources that would land under one name in the tree."""
    owners: dict[str, str] = {name: f"vendor {name}" for name in (*project.configuration.vendor, RUNTIME)}
    clashes = []
    for key, source in zip(project.configuration.sources, project.sources, strict=True):
        owner = owners.setdefault(source.stem, key)
        if owner != key:
            clashes.append(
                f"pyproject.toml: tool.kernelwright.sources: {owner!r} and {key!r} share the name "
                f"{source.stem!r}; rename one of them"
            )
    return clashes


def _every_file(project: Project, problems: list[str]) -> Iterator[SourceFile]:
    for name in dict.fromkeys((*project.configuration.vendor, RUNTIME)):
        yield from _vendored(name, problems)
    for source in project.sources:
        yield from _walk(source, source.name, source.relative_to(project.root).as_posix(), project.root, problems)


def _vendored(name: str, problems: list[str]) -> Iterator[SourceFile]:
    """Yield a package of the environment whole, and the ``__init__.py`` of each package above it."""
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        spec = None
    if spec is None or spec.origin is None:
        problems.append(f"pyproject.toml: tool.kernelwright.vendor: {name!r} is not installed; pip install it")
        return
    origin = Path(spec.origin)
    base = origin.parents[name.count(".") + (origin.name == "__init__.py")]
    *parents, last = name.split(".")
    for depth in range(1, len(parents) + 1):
        parent = base.joinpath(*parents[:depth], "__init__.py")
        yield from _walk(parent, "/".join([*parents[:depth], "__init__.py"]), f"vendor {name}", base, problems)
    top = origin.parent if origin.name == "__init__.py" else origin
    tail = last if origin.name == "__init__.py" else origin.name
    yield from _walk(top, "/".join([*parents, tail]), f"vendor {name}", base, problems)


def _walk(path: Path, name: str, origin: str, root: Path, problems: list[str]) -> Iterator[SourceFile]:
    """Yield the files at or below ``path`` under ``name``; a link is followed while it stays inside ``root``."""
    if _LEFT_OUT.fullmatch(path.name):
        return
    if path.is_symlink() and (trouble := _link_trouble(path, root)):
        problems.append(f"{path.relative_to(root)}: {trouble}; replace the link by what it points at")
    elif path.is_dir():
        for entry in sorted(entry.name for entry in path.iterdir()):
            yield from _walk(path / entry, f"{name}/{entry}", origin, root, problems)
    else:
        try:
            yield SourceFile(path=name, data=path.read_bytes(), origin=origin)
        except OSError as error:
            problems.append(f"{path.relative_to(root)}: cannot be read: {error.strerror}")


def _link_trouble(path: Path, root: Path) -> str:
    try:
        target = path.resolve(strict=True)
    except (OSError, RuntimeError):
        return f"a link to {path.readlink()}, which is missing or leads back to itself"
    if path.parent.resolve().is_relative_to(target):
        return f"a link to {path.readlink()}, a folder it lies in"
    return "" if target.is_relative_to(root) else f"a link to {path.readlink()}, outside the project"


def _graph(modules: Iterable[SourceFile], problems: list[str]) -> imports.Graph:
    named = {file.module or "": file for file in sorted(modules, key=lambda file: file.path, reverse=True)}
    carried = frozenset(named)
    graph = {}
    for name, file in sorted(named.items()):
        try:
            tree = ast.parse(file.data, filename=file.path)
        except (SyntaxError, ValueError) as error:
            line = getattr(error, "lineno", None) or 1
            problems.append(f"{_place(file)}:{line}: {getattr(error, 'msg', error)}; not Python as it stands")
        else:
            package = file.path.endswith("__init__.py")
            graph[name] = imports.imported(tree, name, is_package=package, carried=carried)
    return graph


def _place(file: SourceFile) -> str:
    inside = file.path.partition("/")[2]
    return f"{file.origin}/{inside}" if inside else file.origin


def _ordered(found: dict[str, SourceFile], graph: imports.Graph) -> tuple[SourceFile, ...]:
    rank = {name: index for index, name in enumerate(imports.dependency_order(graph))}
    return tuple(sorted(found.values(), key=lambda file: (rank.get(file.module or "", -1), file.path)))
