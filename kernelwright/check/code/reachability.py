"""What of the code certainly runs: from the driver's cells along imports and calls by name."""

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from kernelwright.check.code import reader
from kernelwright.check.code.names import Guard, Site, Unit
from kernelwright.check.code.reader import DEAD, NOT_CALLED, TRY, origin
from kernelwright.check.code.syntax import DRIVER, Script
from kernelwright.check.code.values import EITHER, UNKNOWN, Values

_RUN_AT_ONCE = ("__init__", "__new__", "__post_init__")
_NOT_IMPORTED = "nothing that certainly runs imports the file"


class Call(NamedTuple):
    """A call: where it is, its node, and the dotted name of what is called."""

    site: Site
    node: ast.Call
    name: str


class Code(Values):
    """All scripts, with what is reached of them.

    Attributes
    ----------
    sites : mapping
        Type -> the nodes of it that may run, and that the author does not vouch for.
    calls : list of Call
        The calls among them.
    """

    def __init__(self, scripts: Iterable[Script], folder: str = "") -> None:
        """Read the scripts; ``folder`` is that of the tree in which the driver finds its neighbours."""
        super().__init__(list(scripts))
        self._prefix = f"{folder.replace('/', '.')}." if folder else UNKNOWN
        for script in self.scripts.values():
            reader.read(script, self)
            imports = self.imports[script.module]  # a neighbour is found by its bare name, and from the tree's top
            imports.update((name, dotted.removeprefix(self._prefix)) for name, dotted in [*imports.items()])
        for target, value, unit in self.stores:
            self.bind(self.resolve(target, unit), value, unit)
        self.resolved.clear()
        self._certain = self._reach()
        for kind, sites in self.sites.items():
            alive = [site for site in sites if self._condition(site.guard) != DEAD]
            self.sites[kind] = [site for site in alive if not site.unit.script.allows(site.node)]
        nodes = ((site, site.node) for site in self.sites[ast.Call])
        self.calls = [
            Call(site, node, self.resolve(node.func, site.unit)) for site, node in nodes if isinstance(node, ast.Call)
        ]

    def _reach(self) -> set[Unit]:
        """Return the units that certainly run."""
        within = defaultdict(list)
        for site in (site for kind in (ast.Call, ast.Import, ast.ImportFrom) for site in self.sites[kind]):
            within[site.unit].append(site)
        reached, waiting = set[Unit](), [*self.units[DRIVER]]
        while waiting:
            unit = waiting.pop()
            if unit not in reached:
                reached.add(unit)
                for site in within[unit]:
                    waiting += self._targets(site) if not self._condition(site.guard) else ()
        return reached

    def _targets(self, site: Site) -> Iterator[Unit]:
        """Yield what an import or a call by name runs."""
        if isinstance(site.node, ast.Import | ast.ImportFrom):
            for name in imported(site.node, site.unit.script):
                parts = name.removeprefix(self._prefix).split(".")
                above = (".".join(parts[:count]) for count in range(1, len(parts) + 1))  # packages run too
                yield from (unit for module in above if module in self.scripts for unit in self.units[module])
        elif isinstance(site.node, ast.Call):
            name = self.resolve(site.node.func, site.unit)
            names = [f"{name}.{method}" for method in _RUN_AT_ONCE] if self.is_class(name) else [name]
            yield from (unit for name in names for unit in self.units.get(name, ()) if unit.node)

    def _condition(self, guard: Guard | None) -> str:
        """Return why what stands under a guard may not run: empty where it does, `DEAD` where it never does."""
        reason = ""
        while guard is not None:
            truth = self.truth(guard.test, guard.unit) if guard.test else None
            if guard.reason == DEAD or truth is (not guard.wanted):
                return DEAD
            is_certain = guard.test and (truth is guard.wanted or self.fold(guard.test, guard.unit) == EITHER)
            reason = reason if is_certain else guard.reason
            guard = guard.outer
        return reason

    def doubt(self, site: Site) -> str:
        """Return why a site may not run, empty where it certainly does."""
        if site.unit not in self._certain:
            return NOT_CALLED if site.unit.node else _NOT_IMPORTED
        return self._condition(site.guard)

    def is_tried(self, site: Site) -> bool:
        """Return whether a site is under a try that goes on without it."""
        guard = site.guard
        while guard is not None and guard.reason != TRY:
            guard = guard.outer
        return guard is not None

    def mentions(self, *words: str) -> bool:
        """Return whether any of the words stands anywhere in the code."""
        return any(word in line for script in self.scripts.values() for line in script.lines for word in words)


def imported(node: ast.Import | ast.ImportFrom, script: Script) -> list[str]:
    """Return the dotted names that a statement may import."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [f"{origin(node, script)}.{alias.name}".removesuffix(".*") for alias in node.names]
