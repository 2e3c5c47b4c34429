"""Read vendored packages: installed pure-Python packages, carried whole with their licences and metadata."""

import graphlib
import importlib.util
import re
import sys
from collections.abc import Iterator, Mapping
from importlib import metadata
from importlib.machinery import EXTENSION_SUFFIXES
from itertools import accumulate
from pathlib import Path

from packaging.utils import canonicalize_name

from kernelwright.bundle import file_walk
from kernelwright.bundle.source_tree import SourceFile
from kernelwright.errors import Problem
from kernelwright.project.config import RUNTIME
from kernelwright.project.model import PYPROJECT, TABLE, Project

_COMPILED = (*EXTENSION_SUFFIXES, ".so", ".pyd", ".dll", ".dylib")
_LICENCE = re.compile(r"(licen[cs]e|copying|notice|authors)", re.IGNORECASE)


def names(project: Project) -> tuple[str, ...]:
    """Return the names of the packages to carry, including the runtime."""
    return tuple(dict.fromkeys((*project.configuration.vendor, RUNTIME)))


def collect(project: Project) -> tuple[list[SourceFile], list[Problem]]:
    """Read every vendored package, and the licences and metadata of its distribution. Also return all problems."""
    chosen = names(project)
    problems: list[Problem] = []
    for name in chosen:
        wholes = [whole for whole in chosen if name.startswith(f"{whole}.")]
        problems += [_problem("KW223", f"{name!r} is a part of {whole!r}", "name one of them") for whole in wholes]
    distributions: dict[str, metadata.Distribution] = {}
    if packages := [name for name in chosen if name != RUNTIME]:
        providers = metadata.packages_distributions()  # slow, because it reads the whole environment
        owners = {owner for name in packages for owner in providers.get(name.partition(".")[0], ())}
        distributions = {canonicalize_name(owner): metadata.distribution(owner) for owner in sorted(owners)}
    problems += _circles(distributions)
    files: list[SourceFile] = []
    for name in chosen:
        package, faults = _read_package(name)
        files += (SourceFile(path=path, data=data, origin=f"vendor {name}") for path, data in package)
        problems += faults
    for name, distribution in sorted(distributions.items()):
        for file in sorted(distribution.files or (), key=str):
            info = next((at for at, part in enumerate(file.parts) if part.endswith(".dist-info")), None)
            # `importlib.metadata` reads METADATA and entry_points.txt.
            wanted = file.name in {"METADATA", "entry_points.txt"} or "licenses" in file.parts
            if info is not None and (wanted or _LICENCE.match(file.name)):
                data = Path(str(distribution.locate_file(file))).read_bytes()
                files.append(SourceFile(path="/".join(file.parts[info:]), data=data, origin=f"vendor {name}"))
    return files, problems


def _problem(code: str, message: str, fix: str) -> Problem:
    return Problem(code=code, file=PYPROJECT, place=f"{TABLE}.vendor", message=message, fix=fix)


def _read_package(name: str) -> tuple[list[tuple[str, bytes]], list[Problem]]:
    """Read all files of a package, and the ``__init__.py`` of each parent package."""
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):  # the parent cannot be imported, or a module has no spec
        spec = None
    if spec is None or spec.origin is None:
        return [], [_problem("KW221", f"{name!r} is not installed", "pip install it, or take it out")]
    if name.partition(".")[0] in sys.stdlib_module_names:
        return [], [_problem("KW222", f"{name!r} is a part of Python itself", "take it out")]
    file = Path(spec.origin)
    is_package = file.name == "__init__.py"
    base = file.parents[name.count(".") + is_package]
    *parents, last = name.split(".")
    roots = [f"{parent}/__init__.py" for parent in accumulate(parents, "{}/{}".format)]
    roots = [path for path in roots if (base / path).is_file()]  # a namespace package has no __init__.py
    roots.append("/".join([*parents, last if is_package else file.name]))
    files: list[tuple[str, bytes]] = []
    problems: list[Problem] = []
    for path in roots:
        walked, faults = file_walk.walk(base / path, path, base)
        files += walked
        problems += faults
    if compiled := next((path for path, _ in files if path.endswith(_COMPILED)), None):
        message = f"{name!r} holds compiled code ({compiled}), which only a wheel brings"
        fix = "take it out and name it in the file of tool.kernelwright.wheels"
        problems.append(_problem("KW224", message, fix))
    return files, problems


def _circles(distributions: Mapping[str, metadata.Distribution]) -> Iterator[Problem]:
    """Yield a problem for each circle of vendored distributions that require one another."""
    graph = {}
    for name, distribution in distributions.items():
        # Extras are left out because they are optional. Only the name is parsed, because the rest of a requirement in
        # old metadata may be invalid.
        always = " \n".join(line for line in distribution.requires or () if "extra ==" not in line)
        required = {canonicalize_name(it) for it in re.findall(r"^[\w.-]+", always, re.MULTILINE)}
        graph[name] = sorted(required & distributions.keys() - {name})
    while True:
        try:
            graphlib.TopologicalSorter(graph).prepare()
        except graphlib.CycleError as error:
            # graphlib names the first node again at the end; reversed, each comes before what it requires.
            circle = error.args[1][:0:-1]
            first = circle.index(min(circle))
            circle = [*circle[first:], *circle[:first]]
            message = f"{' requires '.join((*circle, circle[0]))}: a circle cannot be carried in parts"
            fix = "take them out and name them in the file of tool.kernelwright.wheels"
            yield _problem("KW225", message, fix)
            # Take the circle out and look for the next one, because `prepare` reports only one.
            graph = {name: [need for need in needs if need not in circle] for name, needs in graph.items()}
        else:
            return
