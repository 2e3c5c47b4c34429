"""What of the code runs: from the driver's cells along imports and calls by name, and under which conditions."""

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from kernelwright.check.code import reader
from kernelwright.check.code.names import Guard, Site, Unit, last_name
from kernelwright.check.code.reader import DEAD, TRY, origin
from kernelwright.check.code.syntax import DRIVER, Script
from kernelwright.check.code.values import EITHER, UNKNOWN, Values

_RUN_AT_ONCE = {"__init__", "__new__", "__post_init__"}
_NOT_CALLED = "nothing that runs calls its function"
_NOT_IMPORTED = "nothing that the driver runs imports the file"


class Call(NamedTuple):
    """A call: where it is, its node, and the dotted name of what is called."""

    site: Site
    node: ast.Call
    name: str


class Code(Values):
    """All scripts, with what is reached of them."""

    def __init__(self, scripts: Iterable[Script], folder: str = "") -> None:
        """Read the scripts; ``folder`` is that of the tree in which the driver finds its neighbours."""
        super().__init__(list(scripts))
        self.folded: dict[int, object] = {}
        self.kept: list[ast.AST] = []
        self._prefix = f"{folder.replace('/', '.')}." if folder else UNKNOWN
        for script in self.scripts.values():
            reader.read(script, self)
            imports = self.imports[script.module]  # a neighbour is found by its bare name, and from the tree's top
            imports.update((name, dotted.removeprefix(self._prefix)) for name, dotted in [*imports.items()])
        for target, value, unit in self.stores:
            self.bind(self.resolve(target, unit), value, unit)
        self.resolved.clear()
        self._conditions: dict[int, str] = {}
        self._within: dict[Unit, list[Site]] = defaultdict(list)
        for site in (site for sites in self.sites.values() for site in sites):
            self._within[site.unit].append(site)
        self._methods: dict[str, list[Unit]] = defaultdict(list)
        for unit in (unit for units in self.units.values() for unit in units):
            self._methods[unit.owner].append(unit)
        self._named = {key.rpartition(".")[2] for key in self.units}
        self._reasons = self._reach()

    def _reach(self) -> dict[Unit, str]:
        """Return why each unit that is reached may not run: first those that certainly do, for no reason."""
        reasons: dict[Unit, str] = {}
        certain, uncertain = [(unit, "") for unit in self.units[DRIVER]], list[tuple[Unit, str]]()
        while certain or uncertain:
            unit, reason = (certain or uncertain).pop()
            if unit not in reasons:
                reasons[unit] = reason
                for target, doubt in self._targets(unit):
                    (uncertain if reason or doubt else certain).append((target, reason or doubt))
        return reasons

    def _targets(self, unit: Unit) -> Iterator[tuple[Unit, str]]:
        """Yield what a unit imports, calls by name or hands on, each with why it may not."""
        for site in self._within[unit]:
            doubt = self.condition(site.guard)
            node = site.node
            if doubt == DEAD:
                continue
            if isinstance(node, ast.Import | ast.ImportFrom):
                for name in imported(node, unit.script):
                    yield from ((target, doubt) for module in self._above(name) for target in self.units[module])
            elif isinstance(node, ast.Call):
                name = self.resolve(node.func, unit)
                if self.is_class(name):
                    yield from self._run_by_creation(name, doubt)
                yield from ((target, doubt) for target in self.units.get(name, ()) if target.node)
            elif last_name(node) in self._named and id(node) not in self.called:
                doubt = f"{last_name(node)}() is handed on, not called by its name"
                yield from ((target, doubt) for target in self.units.get(self.resolve(node, unit), ()) if target.node)

    def _above(self, name: str) -> Iterator[str]:
        """Yield a module's name and those of the packages it is in, as far as they are the author's."""
        name = name.removeprefix(self._prefix)
        while name:
            if name in self.scripts:
                yield name
            name = name.rpartition(".")[0]

    def _run_by_creation(self, name: str, doubt: str) -> Iterator[tuple[Unit, str]]:
        """Yield the methods of a class that is called: some run at once, the others perhaps."""
        for unit in self._methods[name]:
            method = unit.key.rpartition(".")[2]
            yield unit, doubt if method in _RUN_AT_ONCE else f"only the run knows whether {method}() is called"

    def condition(self, guard: Guard | None) -> str:
        """Return why what stands under a guard may not run: empty where it does, `DEAD` where it never does."""
        chain = []
        while guard is not None and id(guard) not in self._conditions:
            chain.append(guard)
            guard = guard.outer
        reason = self._conditions[id(guard)] if guard else ""
        for guard in reversed(chain):
            reason = DEAD if DEAD in (reason, own := self._own_condition(guard)) else reason or own
            self._conditions[id(guard)] = reason
        return reason

    def _own_condition(self, guard: Guard) -> str:
        if guard.test is None:
            return guard.reason
        truth = self.truth(guard.test, guard.unit)
        if truth is None:
            return "" if self.fold(guard.test, guard.unit) == EITHER else guard.reason
        return "" if truth == guard.wanted else DEAD

    def doubt(self, site: Site) -> str:
        """Return why a site may not run, as `condition` does, the reach of its unit included."""
        condition = self.condition(site.guard)
        if condition == DEAD or site.unit in self._reasons:
            return condition if condition == DEAD else self._reasons[site.unit] or condition
        return _NOT_CALLED if site.unit.node else _NOT_IMPORTED

    def is_tried(self, site: Site) -> bool:
        """Return whether a site is under a try that goes on without it."""
        guard = site.guard
        while guard is not None and guard.reason != TRY:
            guard = guard.outer
        return guard is not None

    def mentions(self, *words: str) -> bool:
        """Return whether any of the words stands anywhere in the code."""
        return any(word in line for script in self.scripts.values() for line in script.lines for word in words)

    def every(self, *kinds: type) -> Iterator[Site]:
        """Yield the nodes of some kinds that may run, and that the author does not vouch for."""
        for site in (site for kind in kinds for site in self.sites[kind]):
            if self.doubt(site) != DEAD and not site.unit.script.allows(site.node):
                yield site

    def every_call(self) -> Iterator[Call]:
        """Yield the calls among them."""
        for site in self.every(ast.Call):
            if isinstance(site.node, ast.Call):
                yield Call(site, site.node, self.resolve(site.node.func, site.unit))


def imported(node: ast.Import | ast.ImportFrom, script: Script) -> list[str]:
    """Return the dotted names that a statement may import."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [f"{origin(node, script)}.{alias.name}".removesuffix(".*") for alias in node.names]
