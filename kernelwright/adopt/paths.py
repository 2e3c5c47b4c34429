"""Paths under /kaggle/input: what a notebook attaches, and reads that can go through ``inputs.find``."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import libcst

from kernelwright.adopt import name_lists
from kernelwright.runtime.inputs import KINDS

_PLACE = r"(?:/kaggle/input|(?:\.\./)+input)"
_MENTION = re.compile(rf"{_PLACE}/([A-Za-z0-9][\w.-]*(?:/[\w.-]+)*)")
_LITERAL = re.compile(rf"{_PLACE}/([A-Za-z0-9-]+(?:/[^{{}}\\'\"]*)?)")
_SAMPLE = re.compile(r"(\w*sample_?submission\w*|gender_submission|submission_format)\.(csv|parquet)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Attached:
    """A source that the code reads.

    Attributes
    ----------
    ref : str
        Its slug, or ``owner/slug``, or a model's whole name, as the path has it.
    kind : str
        ``competition``, ``dataset``, ``kernel`` or ``model`` where the path tells, else empty, as it is for a model
        without its version.
    """

    ref: str
    kind: Literal["competition", "dataset", "kernel", "model", ""] = ""


def attached(texts: Iterable[str]) -> list[Attached]:
    """Return the sources that code names by path, each once, in order."""
    sources: dict[str, Attached] = {}
    for text in texts:
        for match in _MENTION.finditer(text):
            source = _source(match[1].rstrip("/").split("/"))
            if source and (source.kind or source.ref not in sources):
                sources[source.ref] = source
    return list(sources.values())


def _source(parts: list[str]) -> Attached | None:
    kinds: dict[str, Literal["competition", "dataset", "kernel", "model"]]
    kinds = {"competitions": "competition", "datasets": "dataset", "notebooks": "kernel", "models": "model"}
    if parts[0] in kinds:
        depth = KINDS[parts[0]].count("*")
        ref = "/".join(parts[1 : depth + 1])
        return Attached(ref=ref, kind=kinds[parts[0]] if len(parts) > depth else "") if ref else None
    if _SAMPLE.fullmatch(parts[1] if len(parts) > 1 else ""):
        return Attached(ref=parts[0], kind="competition")
    return Attached(ref=parts[0])


def through_find(text: str, name: str) -> str:
    """Return a statement's text with its literal reads going through ``inputs.find``, called ``name`` there.

    Only a literal that is an argument of what reads it, and not under a ``try``, which may count on the error of a
    file that is not there.
    """
    if not re.search(_PLACE, text):
        return text
    try:
        return libcst.parse_module(text).visit(_ThroughFind(name)).code
    except RecursionError:  # nested too deep to be looked through
        return text


class _ThroughFind(libcst.CSTTransformer):
    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.tries = 0

    def visit_Try(self, node: libcst.Try) -> None:  # noqa: N802, ARG002 - libcst's names
        self.tries += 1

    def leave_Try(self, original_node: libcst.Try, updated_node: libcst.Try) -> libcst.Try:  # noqa: N802, ARG002
        self.tries -= 1
        return updated_node

    def leave_Call(self, original_node: libcst.Call, updated_node: libcst.Call) -> libcst.Call:  # noqa: N802
        func = original_node.func
        called = func.attr if isinstance(func, libcst.Attribute) else func
        if (
            self.tries
            or not isinstance(called, libcst.Name)
            or called.value not in name_lists.names("readers")
            or not updated_node.args
        ):
            return updated_node
        first = updated_node.args[0]
        if (
            not isinstance(first.value, libcst.SimpleString)
            or first.star
            or not (through := self._through(first.value))
        ):
            return updated_node
        return updated_node.with_changes(args=[first.with_changes(value=through), *updated_node.args[1:]])

    def _through(self, node: libcst.SimpleString) -> libcst.BaseExpression | None:
        match = _LITERAL.fullmatch(node.raw_value) if not node.prefix else None
        if match is None:
            return None
        parts = match[1].split("/")
        depth = 1
        if parts[0] in KINDS:
            depth, parts = KINDS[parts[0]].count("*"), parts[1:]
        is_model = len(parts) > 1 and parts[1].lower() in name_lists.names("frameworks")
        if len(parts) < depth or not all(parts[:depth]) or (depth == 1 and is_model):
            return None
        rest = "/".join(["", *parts[depth:]]) if len(parts) > depth else ""
        quote = '"' if node.quote.startswith("'") else "'"
        return libcst.parse_expression(
            f"f{node.quote}{{{self.name}.find({quote}{'/'.join(parts[:depth])}{quote})}}{rest}{node.quote}"
        )
