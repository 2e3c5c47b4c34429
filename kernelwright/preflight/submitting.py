"""Which calls of the code write the submission, by themselves or by a function of the project that they call."""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from kernelwright.preflight.asked import Asked
from kernelwright.preflight.reading import Code

_RUNTIME = re.compile(r"(kernelwright\.runtime|\.)?\.?submission\.(write|copy_sample)")
_NAMED = re.compile(r"(?i)(?!.*(sample|read|load|check|valid|show|print|plot|get|parse)).*submi(t|ssion).*")
_TABLE = re.compile(r"(?i)\.?\w*submission\w*\.(to|write|save|sink)_?\w*")
_READING = re.compile(
    r"(read|scan)_\w+|(Pure)?(Posix)?Path|join|exists|is_?file|stat|getsize|remove|unlink|print|display|FileLink"
)

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, kw_only=True)
class Writers:
    """What writes the submission.

    Attributes
    ----------
    file : str
        The submission's bare name.
    modules : set of str
        The project's own top-level names: what is called of others is theirs.
    functions : set of str
        The project's functions that write it, by their bare names.
    """

    file: str
    modules: frozenset[str]
    functions: frozenset[str] = frozenset()

    def writes(self, code: Code, call: ast.Call) -> bool:
        """Tell whether a call writes the submission, as far as the code shows."""
        asked = [Asked(name=name, node=call, scope=code.scope) for name in code.scope.names(call.func)]
        return any(self._by_name(one) or self._to_file(one) for one in asked) or self._to_own_path(code, call)

    def _by_name(self, asked: Asked) -> bool:
        if _RUNTIME.fullmatch(asked.name) or _TABLE.fullmatch(asked.name):
            return True
        mine = asked.name.startswith(".") or "." not in asked.name or asked.name.partition(".")[0] in self.modules
        return mine and (asked.last in self.functions or bool(_NAMED.fullmatch(asked.last)))

    def _to_file(self, asked: Asked) -> bool:
        if _READING.fullmatch(asked.last) or (asked.last == "open" and not _opens_to_write(asked, 1)):
            return False
        return any(PurePosixPath(text).name == self.file for text in asked.texts())

    def _to_own_path(self, code: Code, call: ast.Call) -> bool:
        """Judge ``Path("submission.csv").write_text(…)``."""
        if not isinstance(call.func, ast.Attribute) or _READING.fullmatch(call.func.attr):
            return False
        asked = Asked(name="", node=call, scope=code.scope)
        written = call.func.attr.startswith(("write", "touch")) or _opens_to_write(asked, 0)
        return written and PurePosixPath(code.scope.text(call.func.value)).name == self.file


def _opens_to_write(asked: Asked, position: int) -> bool:
    return bool({"w", "a", "x"}.intersection(asked.text(position, "mode")))


def find(code: Sequence[Code], file: str, modules: frozenset[str]) -> Writers:
    """Return what writes the submission, functions that call such a function included."""
    bodies = dict(_bodies(code))
    known: frozenset[str] = frozenset()
    while True:
        writers = Writers(file=file, modules=modules, functions=known)
        found = frozenset(name for name, calls in bodies.items() if any(writers.writes(*one) for one in calls))
        if found <= known:
            return writers
        known |= found


def _bodies(code: Sequence[Code]) -> Iterator[tuple[str, list[tuple[Code, ast.Call]]]]:
    """Yield each function's bare name with the calls in all functions of that name."""
    calls: dict[str, list[tuple[Code, ast.Call]]] = {}
    for one in code:
        for node in one.script.running():
            if isinstance(node, Function):
                inner = (part for part in ast.walk(node) if isinstance(part, ast.Call))
                calls.setdefault(node.name, []).extend((one, part) for part in inner)
    yield from calls.items()


def functions(tree: ast.Module) -> Mapping[int, Function]:
    """Return the innermost function about each node, by the node's id."""
    inside: dict[int, Function] = {}
    for function in ast.walk(tree):
        if isinstance(function, Function):
            inside.update((id(node), function) for part in function.body for node in ast.walk(part))
    return inside
