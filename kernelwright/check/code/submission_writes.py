"""Which calls of the code write the submission, by themselves or by a function of the project that they call."""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from kernelwright.check.code.branches import Code
from kernelwright.check.code.call import Asked
from kernelwright.check.code.evaluate import spelling

_RUNTIME = re.compile(r"(.*\.)?submission\.(write|copy_sample)")
_NAMED = re.compile(r"(?i)(?!.*(sample|read|load|check|valid|show|print|plot|get|parse)).*submi(t|ssion).*")
_TABLE = re.compile(r"(?i)\w*submission\w*\.(to|write|save|sink)_?\w*")
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
        if any(map(_RUNTIME.fullmatch, (one.name for one in asked))) or _TABLE.fullmatch(spelling(call.func)):
            return True
        own = self.own(asked)
        named = bool(own & self.functions) or any(map(_NAMED.fullmatch, own))
        return named or any(map(self._to_file, asked)) or self._to_own_path(code, call)

    def own(self, asked: Sequence[Asked]) -> set[str]:
        """Return the bare names of the project's functions that a call may mean."""
        parts = ((one.name.partition(".")[0], one) for one in asked)
        return {one.last for root, one in parts if root in {"", one.name} or root in self.modules}

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
    writers = Writers(file=file, modules=modules)
    writing: set[str] = set()
    called: dict[str, set[str]] = {}
    for one in code:
        for function, call in _inner_calls(one):
            asked = [Asked(name=name, node=call, scope=one.scope) for name in one.scope.names(call.func)]
            called.setdefault(function, set()).update(writers.own(asked))
            if function not in writing and writers.writes(one, call):
                writing.add(function)
    while more := {name for name, names in called.items() if names & writing} - writing:
        writing |= more
    return replace(writers, functions=frozenset(writing))


def _inner_calls(code: Code) -> Iterator[tuple[str, ast.Call]]:
    """Yield each call within a function with the function's bare name."""
    for node in code.running:
        if isinstance(node, Function):
            yield from ((node.name, part) for part in ast.walk(node) if isinstance(part, ast.Call))


def functions(tree: ast.Module) -> Mapping[int, Function]:
    """Return the innermost function about each node, by the node's id."""
    inside: dict[int, Function] = {}
    for function in ast.walk(tree):
        if isinstance(function, Function):
            inside.update((id(node), function) for part in function.body for node in ast.walk(part))
    return inside
