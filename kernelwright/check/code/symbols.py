"""The code of a notebook with what its names mean."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import replace

from kernelwright.check.code import created_paths, offline_settings
from kernelwright.check.code.branches import Code
from kernelwright.check.code.evaluate import Everywhere, Scope, spelling
from kernelwright.check.code.source import Script, scripts
from kernelwright.check.context import Context
from kernelwright.check.locations import is_own

_RECORDS = {"dataclass", "BaseModel", "BaseSettings", "NamedTuple", "TypedDict"}
Nodes = Sequence[ast.AST]
_CHANGING = {"append", "extend", "insert", "update", "setdefault", "pop", "remove", "clear"}


def read(context: Context) -> list[Code]:
    """Return the driver's cells in order, then the author's own modules; all cells of the driver share their names."""
    built = context.built
    texts = scripts(context.project, built)
    cells = [text for text in texts if text.is_driver]
    everywhere = Everywhere(
        constants=_constants([text.nodes for text in texts]),
        records=frozenset(name for text in texts for name in _records(text.nodes)),
        modules=frozenset(file.module.partition(".")[0] for file in built.tree.files if file.module and is_own(file)),
        own=frozenset(name for text in texts for name in _defined(text.nodes)),
        handed=frozenset(name for text in texts for name in _handed(text.nodes)),
        shadowed=frozenset(node for text in texts for node in _shadowed(text.nodes)),
        inner={node: owner for text in texts for node, owner in _inner(text.nodes)},
        silenced=frozenset(service for text in texts for service in offline_settings.services(text.text)),
    )
    shared = _scope(cells, everywhere)
    scopes = [shared if text.is_driver else _scope([text], everywhere) for text in texts]
    code = [Code(script=text, scope=scope) for text, scope in zip(texts, scopes, strict=True)]
    folders = frozenset(folder for one in code for folder in created_paths.folders(one))
    return [replace(one, scope=replace(one.scope, made=folders)) for one in code]


def _scope(texts: Sequence[Script], everywhere: Everywhere) -> Scope:
    return Scope(
        imported={name: meant for text in texts for name, meant in _imports(text.nodes)},
        stars=[module for text in texts for module in _stars(text.nodes)],
        bound=frozenset(name for text in texts for name in _bound(text.nodes)),
        constants={**everywhere.constants, **_constants([text.nodes for text in texts])},
        everywhere=everywhere,
    )


def _imports(nodes: Nodes) -> Iterator[tuple[str, str]]:
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                first = alias.name.partition(".")[0]
                yield alias.asname or first, alias.name if alias.asname else first
        elif isinstance(node, ast.ImportFrom):
            origin = "." * bool(node.level) + (f"{node.module}." if node.module else "")
            yield from ((alias.asname or alias.name, f"{origin}{alias.name}") for alias in node.names)


def _stars(nodes: Nodes) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module and any(alias.name == "*" for alias in node.names):
            yield node.module


def _bound(nodes: Nodes) -> Iterator[str]:
    methods = {id(child) for node in nodes if isinstance(node, ast.ClassDef) for child in node.body}
    for node in nodes:
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                yield name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                if id(node) not in methods:
                    yield name


def _defined(nodes: Nodes) -> Iterator[str]:
    """Yield the names of functions and classes, but of those that are made as the class of another is."""
    for node in nodes:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case ast.ClassDef(name=name, bases=bases, body=body):
                if not bases or any(getattr(part, "name", "") == "__init__" for part in body):
                    yield name


def _handed(nodes: Nodes) -> Iterator[str]:
    """Yield the names of variables that are given to calls, and the keywords variables are given to."""
    for node in nodes:
        if isinstance(node, ast.Call):
            given = [*node.args, *(word.value for word in node.keywords)]
            yield from (getattr(one, "id", getattr(one, "attr", "")) for one in given)
            yield from (word.arg for word in node.keywords if word.arg and not isinstance(word.value, ast.Constant))


def _constants(texts: Sequence[Nodes]) -> dict[str, ast.expr]:
    """Return what is given exactly one value, by assignments alone."""
    given: dict[str, dict[str, ast.expr | None]] = {}
    for nodes in texts:
        for name, value in _given(nodes):
            given.setdefault(name, {})[_written(value)] = value
    changed = {name for nodes in texts for name in _changed(nodes)}
    single = {name: next(iter(values.values())) for name, values in given.items() if len(values) == 1}
    return {
        name: value
        for name, value in single.items()
        if value is not None and not {name, f"*.{name.partition('.')[2]}"} & changed
    }


def _written(value: ast.expr | None) -> str:
    """Return how a value is written, to be compared; one that is nested too deeply is like no other."""
    try:
        return ast.dump(value) if value else ""
    except RecursionError:
        return f"#{id(value)}"


def _changed(nodes: Nodes) -> Iterator[str]:
    """Yield the names of tables and lists that are changed later, and ``*.size`` for ``CFG.size = 3``."""
    for node in nodes:
        match node:
            case ast.Subscript(value=value, ctx=ast.Store()):
                yield spelling(value)
            case ast.Call(func=ast.Attribute(value=value, attr=method)) if method in _CHANGING:
                yield spelling(value)
            case ast.Attribute(value=ast.Name(id=owner), attr=name, ctx=ast.Store()) if owner not in {"self", "cls"}:
                yield f"*.{name}"


def _given(nodes: Nodes) -> Iterator[tuple[str, ast.expr | None]]:
    """Yield each name with the value it is given, None for any other way a name gets one."""
    simple = set(_shadowed(nodes))
    for owner, node in _owned(nodes):
        for target in _targets(node):
            simple.add(id(target))
            yield f"{owner}{target.id}", getattr(node, "value", None)
    for other in nodes:
        if isinstance(other, ast.Name) and isinstance(other.ctx, ast.Store) and id(other) not in simple:
            yield other.id, None


def _shadowed(nodes: Nodes) -> Iterator[int]:
    """Yield the ids of the names within a function that mean its parameters, and so for comprehensions."""
    for node in nodes:
        names: set[str] = set()
        match node:
            case ast.FunctionDef(args=given) | ast.AsyncFunctionDef(args=given) | ast.Lambda(args=given):
                names = {part.arg for part in ast.walk(given) if isinstance(part, ast.arg)}
            case ast.ListComp(generators=loops) | ast.SetComp(generators=loops):
                names = _looped(loops)
            case ast.DictComp(generators=loops) | ast.GeneratorExp(generators=loops):
                names = _looped(loops)
        if names:
            yield from (id(part) for part in ast.walk(node) if isinstance(part, ast.Name) and part.id in names)


def _inner(nodes: Nodes) -> Iterator[tuple[int, str]]:
    """Yield the ids of the names in a class's own statements that mean what it gives a value, with its name."""
    for owner in (node for node in nodes if isinstance(node, ast.ClassDef)):
        statements = [part for part in owner.body if isinstance(part, ast.Assign | ast.AnnAssign | ast.Expr)]
        own = {target.id for part in statements for target in _targets(part)}
        names = (name for part in statements for name in ast.walk(part) if isinstance(name, ast.Name))
        yield from ((id(name), owner.name) for name in names if name.id in own)


def _looped(loops: Sequence[ast.comprehension]) -> set[str]:
    return {part.id for loop in loops for part in ast.walk(loop.target) if isinstance(part, ast.Name)}


def _owned(nodes: Nodes) -> Iterator[tuple[str, ast.AST]]:
    """Yield every node, what stands directly in a class with the name of the class."""
    in_classes = {id(child): f"{node.name}." for node in nodes if isinstance(node, ast.ClassDef) for child in node.body}
    return ((in_classes.get(id(node), ""), node) for node in nodes)


def _targets(node: ast.AST) -> Iterator[ast.Name]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return (target for target in targets if isinstance(target, ast.Name))


def _records(nodes: Nodes) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.ClassDef):
            told = [
                spelling(part).removesuffix("()").rpartition(".")[2] for part in (*node.decorator_list, *node.bases)
            ]
            if _RECORDS.intersection(told):
                yield node.name
