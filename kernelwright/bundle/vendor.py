"""Pure-Python packages of the environment, carried whole with their licences."""

import importlib.util
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from importlib.machinery import EXTENSION_SUFFIXES, ModuleSpec
from pathlib import Path

from kernelwright.bundle import file_walk
from kernelwright.project.config import RUNTIME
from kernelwright.project.model import Project

_COMPILED = (*EXTENSION_SUFFIXES, ".so", ".pyd", ".dll", ".dylib")
_LICENCE = re.compile(r"(licen[cs]e|copying|notice|authors)", re.IGNORECASE)
_WHERE = "pyproject.toml: tool.kernelwright.vendor"


def names(project: Project) -> tuple[str, ...]:
    """Return the packages to carry; the runtime is always one."""
    return tuple(dict.fromkeys((*project.configuration.vendor, RUNTIME)))


def walk(project: Project, problems: list[str]) -> Iterator[file_walk.Found]:
    """Yield the files of every vendored package, and the licences and metadata of the distributions they are of."""
    chosen = names(project)
    problems += _overlaps(chosen)
    packages = [name for name in chosen if name != RUNTIME]
    distributions = _distributions(packages) if packages else {}
    problems += _circles(distributions)
    for name in chosen:
        files = list(_package(name, problems))
        problems += _compiled(name, files)
        yield from files
    for name, distribution in sorted(distributions.items()):
        yield from _papers(name, distribution)


def _overlaps(chosen: Sequence[str]) -> list[str]:
    inner = ((name, whole) for name in chosen for whole in chosen if name.startswith(f"{whole}."))
    return [f"{_WHERE}: {name!r} is a part of {whole!r}; name one of them" for name, whole in inner]


def _package(name: str, problems: list[str]) -> Iterator[file_walk.Found]:
    """Yield a package whole, and the ``__init__.py`` of each package above it."""
    spec = _spec(name)
    if spec is None or spec.origin is None:
        problems.append(f"{_WHERE}: {name!r} is not installed; pip install it, or take it out")
        return
    origin = Path(spec.origin)
    if name.partition(".")[0] in sys.stdlib_module_names:
        problems.append(f"{_WHERE}: {name!r} is a part of Python itself; take it out")
        return
    is_package = origin.name == "__init__.py"
    base = origin.parents[name.count(".") + is_package]
    *parents, last = name.split(".")
    brings = f"vendor {name}"
    for depth in range(1, len(parents) + 1):
        parent = "/".join([*parents[:depth], "__init__.py"])
        if (base / parent).is_file():
            yield from file_walk.walk(base / parent, parent, brings, base, problems)
    top = origin.parent if is_package else origin
    yield from file_walk.walk(top, "/".join([*parents, last if is_package else origin.name]), brings, base, problems)


def _spec(name: str) -> ModuleSpec | None:
    try:
        return importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return None


def _compiled(name: str, files: Sequence[file_walk.Found]) -> list[str]:
    compiled = next((file.path for file in files if file.path.endswith(_COMPILED)), None)
    if compiled is None:
        return []
    return [
        f"{_WHERE}: {name!r} holds compiled code ({compiled}), which only a wheel brings; "
        "take it out and name it in the file of tool.kernelwright.wheels"
    ]


def _distributions(packages: Sequence[str]) -> dict[str, metadata.Distribution]:
    """Return the distributions that the packages are of, by their names."""
    providers = metadata.packages_distributions()
    found = {one for name in packages for one in providers.get(name.partition(".")[0], ())}
    return {_normal(name): metadata.distribution(name) for name in sorted(found)}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _circles(distributions: Mapping[str, metadata.Distribution]) -> list[str]:
    """Find vendored distributions that require one another."""
    needs = {name: _required(one) & distributions.keys() - {name} for name, one in distributions.items()}
    circles = set()
    for start in needs:
        for path in _paths_back(start, needs):
            circles.add(tuple(path[path.index(min(path)) :] + path[: path.index(min(path))]))
    return [
        f"{_WHERE}: {' requires '.join((*circle, circle[0]))}: a circle cannot be carried in parts; "
        "take them out and name them in the file of tool.kernelwright.wheels"
        for circle in sorted(circles)
    ]


def _paths_back(start: str, needs: Mapping[str, set[str]]) -> Iterator[list[str]]:
    """Yield one shortest way from ``start`` over its needs back to it, if there is one."""
    paths, seen = [[start]], {start}
    while paths:
        path = paths.pop(0)
        for name in sorted(needs[path[-1]]):
            if name == start:
                yield path
                return
            if name not in seen:
                seen.add(name)
                paths.append([*path, name])


def _required(distribution: metadata.Distribution) -> set[str]:
    """Return what a distribution always requires; extras are the user's choice."""
    lines = [line for line in distribution.requires or () if "extra ==" not in line]
    return {_normal(found.group()) for line in lines if (found := re.match(r"[\w.-]+", line))}


def _papers(name: str, distribution: metadata.Distribution) -> Iterator[file_walk.Found]:
    """Yield METADATA, which `importlib.metadata` reads, the entry points, and the licences."""
    for file in sorted(distribution.files or (), key=str):
        inside = next((at for at, part in enumerate(file.parts) if part.endswith(".dist-info")), None)
        if inside is not None and _is_paper(file):
            data = Path(str(distribution.locate_file(file))).read_bytes()
            yield file_walk.Found(path="/".join(file.parts[inside:]), data=data, origin=f"vendor {name}")


def _is_paper(file: metadata.PackagePath) -> bool:
    wanted = file.name in {"METADATA", "entry_points.txt"} or "licenses" in file.parts
    return wanted or _LICENCE.match(file.name) is not None
