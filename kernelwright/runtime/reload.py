"""Brings an edited module into the running notebook."""

import importlib
import sys
from importlib.util import cache_from_source
from pathlib import Path
from types import ModuleType
from typing import Any

from kernelwright.runtime import config

# Equal ones of these may be one object in unrelated places: identity alone does not tell where it is from.
SHARED = (bool, int, float, complex, str, bytes, tuple, frozenset, type(None))


def reload(path: str, namespace: dict[str, Any]) -> list[str]:
    """Reload the module in ``path``, then its importers; return the names of the modules reloaded.

    Names in ``namespace`` that meant something of these modules mean its successor afterwards. The state
    of the modules starts anew, and objects made before keep their old class. A module not imported yet
    needs nothing.
    """
    path = path.removeprefix(f"{config.load().driver.get('folder', '')}/")
    # No module is named after a file of another kind.
    name = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".") if path.endswith(".py") else ""
    if name not in sys.modules:
        return []
    names = [name, *(module for module in _importers(name) if module in sys.modules)]
    places = _places(names)
    importlib.invalidate_caches()
    file = sys.modules[name].__file__
    if file:  # by time and size alone, its old bytecode may pass for that of the edited source
        Path(cache_from_source(file)).unlink(missing_ok=True)
    try:
        for module in names:
            importlib.reload(sys.modules[module])
    finally:  # an importer may fail on the edit; what did reload must not be left behind
        for alias, value in namespace.items():
            if place := places.get(_key(alias, value)):
                namespace[alias] = getattr(*place)
    return names


def _importers(name: str) -> list[str]:
    """Return the modules that import ``name``, directly or through others, each after those it imports."""
    imports = config.load().imports
    reached, before = {name}, 0
    while len(reached) > before:
        before = len(reached)
        reached |= {module for module, imported in imports.items() if not reached.isdisjoint(imported)}
    return [module for module in imports if module in reached and module != name]


def _places(names: list[str]) -> dict[tuple[int, str], tuple[ModuleType, str]]:
    """Return where what the modules define is found again; functions and classes of others are theirs."""
    places: dict[tuple[int, str], tuple[ModuleType, str]] = {}
    for module in (sys.modules[name] for name in names):
        for name, value in vars(module).items():
            owner = getattr(value, "__module__", None) if hasattr(value, "__qualname__") else module.__name__
            if not name.startswith("__") and not isinstance(value, ModuleType) and owner == module.__name__:
                places.setdefault(_key(name, value), (module, name))
    return places


def _key(name: str, value: Any) -> tuple[int, str]:
    return id(value), name if type(value) in SHARED else ""
