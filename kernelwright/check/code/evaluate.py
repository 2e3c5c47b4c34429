"""What names and expressions mean in a text of the code: imported things, and texts known before it runs."""

import ast
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

UNKNOWN = "{}"
"""Stands in a text for a part that only the run knows."""
_DEEPEST = 12
_PLACEHOLDER = re.compile(r"%(\(\w+\))?[-+#0 ]*[\d.]*[a-z]")
_PATHS = re.compile(r"(pathlib\.)?(Pure)?(Posix)?Path|(os|posix)\.?path\.join|tensorflow\.io\.gfile\.join")
_SAME = re.compile(r"str|os\.(fspath|path\.(abspath|expanduser|normpath|realpath))")
_INPUT = re.compile(r"/kaggle/input|(\.\./)+input")  # of two paths, one for home, this is the one on Kaggle
_KEEPING = {"resolve", "absolute", "expanduser", "as_posix", "strip", "rstrip"}


@dataclass(frozen=True, kw_only=True)
class Everywhere:
    """What holds in all the code.

    Attributes
    ----------
    constants : mapping
        Name -> the one expression it is given; ``CFG.size`` for a name in a class.
    records : set of str
        Classes of the project that only hold values.
    silenced : set of str
        What the project keeps from the network: services, ``pip``, libraries whose caches it fills.
    modules : set of str
        The project's own top-level names.
    own : set of str
        The project's classes and functions, by their bare names.
    handed : set of str
        Names of what is handed on in calls: ``pretrained`` for ``create_model(name, pretrained=pretrained)``.
    shadowed : set of int
        The ids of the nodes whose names mean a parameter, or the variable of a comprehension.
    inner : mapping
        The id of a node in a class's own statements whose name means what the class gives it -> the class's name.
    """

    constants: Mapping[str, ast.expr]
    records: frozenset[str]
    silenced: frozenset[str]
    modules: frozenset[str]
    own: frozenset[str]
    handed: frozenset[str]
    shadowed: frozenset[int]
    inner: Mapping[int, str]


@dataclass(frozen=True, kw_only=True)
class Scope:
    """The names of a module, or of all cells of the driver.

    Attributes
    ----------
    imported : mapping
        Name -> what it was imported as: ``np`` -> ``numpy``.
    stars : sequence of str
        Modules all of whose names were imported.
    bound : set of str
        Names the text itself gives a meaning.
    constants : mapping
        Name -> the one expression it is given, here or else elsewhere.
    everywhere : Everywhere
        What holds in all the code.
    made : set of str
        Folders the code makes itself.
    """

    imported: Mapping[str, str]
    stars: Sequence[str]
    bound: frozenset[str]
    constants: Mapping[str, ast.expr]
    everywhere: Everywhere
    made: frozenset[str] = frozenset()

    def names(self, node: ast.expr, depth: int = 0) -> list[str]:
        """Return what an expression may name: ``numpy.load`` for ``np.load``; a name of the text's own after a dot."""
        spelt = spelling(node)
        root = re.match(r"\w*", spelt)
        if root is None or not spelt:
            return [f".{node.attr}"] if isinstance(node, ast.Attribute) else []
        rest = spelt[root.end() :]
        if id(_root(node)) in self.everywhere.shadowed:
            return [f".{spelt}"]
        if root[0] in self.imported:
            return [self.imported[root[0]] + rest]
        if root[0] in self.bound:
            given = self.constants.get(root[0]) if depth < _DEEPEST else None
            known = [name for name in (self.names(given, depth + 1) if given else []) if not name.startswith(".")]
            return [name + rest for name in known] or [f".{spelt}"]
        return [spelt, *(f"{module}.{spelt}" for module in self.stars)]

    def meant(self, node: ast.expr | None, depth: int = 0) -> ast.expr | None:
        """Return the expression a constant was given, the node itself where it is none."""
        for step in range(depth, _DEEPEST):
            given = self._given(node, step)
            if given is None:
                break
            node = given
        return node

    def _given(self, node: ast.expr | None, depth: int) -> ast.expr | None:
        """Return what a name, an attribute or an item of a constant was given, None for another node."""
        match node:
            case ast.Name() | ast.Attribute() if id(_root(node)) not in self.everywhere.shadowed:
                return next((self.constants[place] for place in self._places(node) if place in self.constants), None)
            case ast.Subscript(value=value, slice=ast.Constant(value=key)):
                table = self.meant(value, depth + 1)
                items = zip(table.keys, table.values, strict=True) if isinstance(table, ast.Dict) else ()
                return next((item for one, item in items if isinstance(one, ast.Constant) and one.value == key), None)
        return None

    def _places(self, node: ast.expr) -> list[str]:
        """Return the names under which a constant may be known: ``CFG.size`` for ``cfg.size`` after ``cfg = CFG()``."""
        spelt = spelling(node)
        if id(_root(node)) in self.everywhere.inner:
            return [f"{self.everywhere.inner[id(_root(node))]}.{spelt}"]
        root, _, rest = spelt.partition(".")
        places = [spelt]
        if root in self.imported:
            parts = f"{self.imported[root]}.{rest}".strip(".").split(".")
            places += [".".join(parts[-2:]), parts[-1]]
        owner = self.constants.get(root)
        if (
            isinstance(owner, ast.Call)
            and not owner.args
            and not {rest, None}.intersection(word.arg for word in owner.keywords)
        ):
            owner = owner.func
        if isinstance(owner, ast.Name | ast.Attribute) and rest:
            places.append(f"{spelling(owner).rpartition('.')[2]}.{rest}")
        return places

    def text(self, node: ast.expr | None, depth: int = 0) -> str:
        """Return the text an expression makes, `UNKNOWN` in place of parts; empty where nothing is known of it."""
        made = ""
        if depth > _DEEPEST:
            return made
        match node:
            case ast.Constant(value=str(value)):
                made = value
            case ast.JoinedStr(values=values):
                made = "".join(self.text(value, depth + 1) or UNKNOWN for value in values)
            case ast.FormattedValue(value=value):
                made = self.text(value, depth + 1)
            case ast.Name() | ast.Attribute() | ast.Subscript():
                made = self.text(self._given(node, depth), depth + 1)
            case ast.IfExp(body=body, orelse=orelse):
                told = {self.text(side, depth + 1) for side in (body, orelse)}
                of_kaggle = [text for text in told if _INPUT.match(text)]
                made = of_kaggle[0] if len(of_kaggle) == 1 else ""
            case ast.BinOp():
                made = self._of_operation(node, depth + 1)
            case ast.Call():
                made = self._of_call(node, depth + 1)
        return made

    def _of_operation(self, node: ast.BinOp, depth: int) -> str:
        left, right = (self.text(side, depth) for side in (node.left, node.right))
        if isinstance(node.op, ast.Mod):
            return _PLACEHOLDER.sub(UNKNOWN, left)
        if not (left or right) or not isinstance(node.op, ast.Add | ast.Div):
            return ""
        parts = (left or UNKNOWN, right or UNKNOWN)
        return "".join(parts) if isinstance(node.op, ast.Add) else _joined(parts)

    def _of_call(self, node: ast.Call, depth: int) -> str:
        names = self.names(node.func)
        parts = [self.text(argument, depth) for argument in node.args]
        if any(parts) and any(map(_PATHS.fullmatch, names)):
            return _joined(part or UNKNOWN for part in parts)
        if parts and any(map(_SAME.fullmatch, names)):
            return parts[0]
        return self._of_method(node, node.func, parts, depth) if isinstance(node.func, ast.Attribute) else ""

    def _of_method(self, node: ast.Call, method: ast.Attribute, parts: Sequence[str], depth: int) -> str:
        base = self.text(method.value, depth) or ("/" if spelling(method.value) == "os.sep" else "")
        words = self.meant(node.args[0], depth) if method.attr == "join" and base and node.args else None
        if isinstance(words, ast.List | ast.Tuple):
            return base.join(self.text(word, depth) or UNKNOWN for word in words.elts)
        if method.attr == "joinpath" and (base or any(parts)):
            return _joined(part or UNKNOWN for part in (base, *parts))
        if method.attr == "format":
            return re.sub(r"\{[^{}]*\}", UNKNOWN, base)
        return base if method.attr in _KEEPING else ""


def spelling(node: ast.expr) -> str:
    """Return an expression such as ``req.get`` or ``Session().get`` as it is written, empty for another kind."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute | ast.Call):
        parts.append(f".{node.attr}" if isinstance(node, ast.Attribute) else "()")
        node = node.value if isinstance(node, ast.Attribute) else node.func
    return "".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def _root(node: ast.expr) -> ast.expr:
    """Return what an expression such as ``req.get`` begins with."""
    while isinstance(node, ast.Attribute | ast.Call):
        node = node.value if isinstance(node, ast.Attribute) else node.func
    return node


def _joined(parts: Iterable[str]) -> str:
    """Join the parts of a path; one that begins at the root stands alone."""
    whole = ""
    for part in parts:
        whole = part if part.startswith("/") or not whole else f"{whole.rstrip('/')}/{part}"
    return whole
