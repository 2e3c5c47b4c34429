"""Pure-Python packages of the environment, carried whole with their licences."""

import graphlib
import importlib.util
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from importlib.machinery import EXTENSION_SUFFIXES, ModuleSpec
from pathlib import Path

from kernelwright.bundle import file_walk
from kernelwright.bundle.file_walk import TreeFile
from kernelwright.errors import Problem
from kernelwright.project.config import RUNTIME
from kernelwright.project.model import PYPROJECT, TABLE, Project

_COMPILED = (*EXTENSION_SUFFIXES, ".so", ".pyd", ".dll", ".dylib")
_LICENCE = re.compile(r"(licen[cs]e|copying|notice|authors)", re.IGNORECASE)
_AS_WHEEL = "take {} out and name {} in the file of tool.kernelwright.wheels"


def names(project: Project) -> tuple[str, ...]:
    """Return the packages to carry; the runtime is always among them."""
    return tuple(dict.fromkeys((*project.configuration.vendor, RUNTIME)))


def collect(project: Project) -> tuple[list[TreeFile], list[Problem]]:
    """Read every vendored package, and the licences and metadata of the distributions they belong to."""
    chosen = names(project)
    files: list[TreeFile] = []
    problems = [
        _problem("KW223", f"{name!r} is a part of {whole!r}", "name one of them")
        for name in chosen
        for whole in chosen
        if name.startswith(f"{whole}.")
    ]
    packages = [name for name in chosen if name != RUNTIME]
    distributions = _distributions(packages) if packages else {}
    problems += _circle_problems(distributions)
    for name in chosen:
        package, package_problems = _read_package(name)
        files += package
        problems += package_problems
    for name, distribution in sorted(distributions.items()):
        files += _licences(name, distribution)
    return files, problems


def _problem(code: str, message: str, fix: str) -> Problem:
    return Problem(code=code, file=PYPROJECT, place=f"{TABLE}.vendor", message=message, fix=fix)


def _read_package(name: str) -> tuple[list[TreeFile], list[Problem]]:
    """Read a package whole, and the ``__init__.py`` of each package above it."""
    spec = _spec(name)
    if spec is None or spec.origin is None:
        return [], [_problem("KW221", f"{name!r} is not installed", "pip install it, or take it out")]
    if name.partition(".")[0] in sys.stdlib_module_names:
        return [], [_problem("KW222", f"{name!r} is a part of Python itself", "take it out")]
    file = Path(spec.origin)
    is_package = file.name == "__init__.py"
    base = file.parents[name.count(".") + is_package]
    *parents, last = name.split(".")
    roots = [f"{'/'.join(parents[:depth])}/__init__.py" for depth in range(1, len(parents) + 1)]
    roots = [path for path in roots if (base / path).is_file()]  # a namespace has none
    roots.append("/".join([*parents, last if is_package else file.name]))
    files: list[TreeFile] = []
    problems: list[Problem] = []
    for path in roots:
        carried, wrong = file_walk.walk(base / path, path, f"vendor {name}", base)
        files += carried
        problems += wrong
    if compiled := next((file.path for file in files if file.path.endswith(_COMPILED)), None):
        message = f"{name!r} holds compiled code ({compiled}), which only a wheel brings"
        problems.append(_problem("KW224", message, _AS_WHEEL.format("it", "it")))
    return files, problems


def _spec(name: str) -> ModuleSpec | None:
    try:
        return importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return None


def _distributions(packages: Sequence[str]) -> dict[str, metadata.Distribution]:
    """Return the distributions that the packages belong to, by their names."""
    providers = metadata.packages_distributions()
    names = {provider for name in packages for provider in providers.get(name.partition(".")[0], ())}
    return {_normal(name): metadata.distribution(name) for name in sorted(names)}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _circle_problems(distributions: Mapping[str, metadata.Distribution]) -> Iterator[Problem]:
    """Yield a problem for vendored distributions that require one another."""
    needs = {name: sorted(_required(it) & distributions.keys() - {name}) for name, it in distributions.items()}
    while circle := _circle(needs):
        message = f"{' requires '.join((*circle, circle[0]))}: a circle cannot be carried in parts"
        yield _problem("KW225", message, _AS_WHEEL.format("them", "them"))
        needs = {name: [need for need in others if need not in circle] for name, others in needs.items()}


def _circle(needs: Mapping[str, Sequence[str]]) -> list[str]:
    """Return a circle, each before what it requires, from the first by name; empty where there is none."""
    try:
        graphlib.TopologicalSorter(needs).prepare()
    except graphlib.CycleError as error:
        circle = error.args[1][:0:-1]  # it tells them the other way round, the first again at the end
        first = circle.index(min(circle))
        return [*circle[first:], *circle[:first]]
    return []


def _required(distribution: metadata.Distribution) -> set[str]:
    """Return what a distribution always requires; extras are the user's choice."""
    lines = [line for line in distribution.requires or () if "extra ==" not in line]
    return {_normal(match.group()) for line in lines if (match := re.match(r"[\w.-]+", line))}


def _licences(name: str, distribution: metadata.Distribution) -> Iterator[TreeFile]:
    """Yield METADATA, which `importlib.metadata` reads, the entry points, and the licences."""
    for file in sorted(distribution.files or (), key=str):
        inside = next((at for at, part in enumerate(file.parts) if part.endswith(".dist-info")), None)
        wanted = file.name in {"METADATA", "entry_points.txt"} or "licenses" in file.parts
        if inside is not None and (wanted or _LICENCE.match(file.name)):
            data = Path(str(distribution.locate_file(file))).read_bytes()
            yield TreeFile(path="/".join(file.parts[inside:]), data=data, origin=f"vendor {name}")
