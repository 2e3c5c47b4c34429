"""Find which carried modules import which, from their syntax trees. Nothing is imported or run."""

import ast
from collections.abc import Iterator, Mapping

Graph = Mapping[str, tuple[str, ...]]
"""Module name -> the carried modules that it imports, sorted."""
_IMPORT = ast.Import | ast.ImportFrom
_INNER = ("body", "orelse", "finalbody", "handlers", "cases")


def module_name(path: str) -> str | None:
    """Return the dotted module name of a ``.py`` file from its POSIX path in the source tree; None for other files."""
    if not path.endswith(".py"):
        return None
    parts = path.removesuffix(".py").split("/")
    if parts[-1] == "__init__":
        parts.pop()
    return ".".join(parts) if parts and all(part.isidentifier() for part in parts) else None


def imported(tree: ast.Module, name: str, *, is_package: bool, carried: frozenset[str]) -> tuple[str, ...]:
    """Return the carried modules that the module ``name`` imports anywhere, including inside functions, sorted."""
    package = name if is_package else name.rpartition(".")[0]
    modules = set()
    for target in _targets(tree, package):
        module = target
        while module and module not in carried:  # in `from p.x import name`, name may be an attribute of p.x
            module = module.rpartition(".")[0]
        modules.add(module)
    return tuple(sorted(modules - {"", name}))


def names(tree: ast.Module) -> frozenset[str]:
    """Return the dotted names of everything that the code imports, except by relative imports."""
    return frozenset(target for target in _targets(tree, "") if target.partition(".")[0])


def required(tree: ast.Module) -> frozenset[str]:
    """Return the top-level names that the code certainly imports: not inside a function, a branch or a ``try``."""
    roots: set[str] = set()
    waiting: list[ast.stmt] = list(tree.body)
    while waiting:
        match waiting.pop():
            case ast.Import(names=aliases):
                roots.update(alias.name.partition(".")[0] for alias in aliases)
            case ast.ImportFrom(module=str(module), level=0):
                roots.add(module.partition(".")[0])
            # A class body runs at once. A `try` without handlers (`try: finally:`) does not catch an ImportError.
            case ast.ClassDef(body=body) | ast.Try(body=body, handlers=[]):
                waiting += body
    return frozenset(roots)


def is_relative(tree: ast.Module) -> bool:
    """Return True if the code has relative imports, so that it works only inside a package."""
    return any(isinstance(node, ast.ImportFrom) and node.level for node in _statements(tree))


def _statements(tree: ast.Module) -> Iterator[ast.stmt]:
    """Yield all import statements. Expressions, which are most of a tree, are not visited."""
    bodies: list[list[ast.AST]] = [list(tree.body)]
    while bodies:
        for node in bodies.pop():
            if isinstance(node, _IMPORT):
                yield node
            inner = [getattr(node, name) for name in _INNER if name in node._fields]
            bodies += [body for body in inner if isinstance(body, list)]


def _targets(tree: ast.Module, package: str) -> Iterator[str]:
    for node in _statements(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*parents, base] if base else parents)
            yield from (f"{base}.{alias.name}" for alias in node.names)


def dependency_order(graph: Graph) -> tuple[str, ...]:
    """Return the modules so that each comes after those it imports; otherwise, and within a cycle, by name.

    The search is iterative, so that a chain of thousands of imports does not reach the recursion limit.
    """
    placed: dict[str, None] = {}
    entered: set[str] = set()
    for root in sorted(graph):
        stack = [(root, iter(graph[root]))] if root not in entered else []
        entered.add(root)
        while stack:
            following = next((other for other in stack[-1][1] if other not in entered), None)
            if following is None:
                placed[stack.pop()[0]] = None
            else:
                entered.add(following)
                stack.append((following, iter(graph[following])))
    return tuple(placed)


def closure(graph: Graph, name: str) -> frozenset[str]:
    """Return the carried modules needed to import ``name``: itself, all its imports, and their parent packages."""
    modules: set[str] = set()
    waiting = [name]
    while waiting:
        module = waiting.pop()
        if module in graph and module not in modules:
            modules.add(module)
            waiting += [*graph[module], module.rpartition(".")[0]]
    return frozenset(modules)
