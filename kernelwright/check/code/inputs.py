"""What the code reads of Kaggle's inputs against what is attached."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from kernelwright.bundle.build import Notebook
from kernelwright.check.code import symbols
from kernelwright.check.code.branches import Code
from kernelwright.check.code.call import Asked
from kernelwright.check.code.evaluate import UNKNOWN
from kernelwright.check.code.input_paths import Mounted, literal, mounted
from kernelwright.check.code.source import Script
from kernelwright.check.context import Context
from kernelwright.check.finding import Finding, Severity
from kernelwright.check.locations import is_own, origin
from kernelwright.check.registry import register
from kernelwright.check.suppression import ALLOW
from kernelwright.project.metadata import PLACEHOLDER_OWNER, KernelMetadata
from kernelwright.project.model import Project

_FIND = {"kernelwright.runtime.inputs.find", "inputs.find"}
_SETTINGS = {".yaml", ".yml", ".json", ".toml", ".ini", ".cfg"}
_WORD = re.compile(r"[\w.-]+")


@register("inputs", Context)
def inputs(context: Context) -> Iterator[Finding]:
    """Check each path of an input and each ``inputs.find(...)``, and that every source is used."""
    project, built, code = context.project, context.built, context.shared(symbols.read)
    for one in code:
        yield from _paths(project, one)
        yield from _finds(project, one)
    for file in built.tree.files:
        if is_own(file) and file.text and PurePosixPath(file.path).suffix in _SETTINGS:
            yield from _settings(project, Script(file=origin(file), line=1, text=file.text))
    yield from _unused(project, built, code)


def _paths(project: Project, code: Code) -> Iterator[Finding]:
    texts = ((node.lineno, text) for node, text in literal(code) if not code.script.vouches(node))
    for number, text in (*texts, *code.magics):
        for source in mounted(text):
            yield _path(project, code.script, number, source)


def _path(project: Project, script: Script, number: int, source: Mounted) -> Finding:
    if source.slug not in project.metadata.slugs:
        return _missing(project, script, number, source.slug)
    owners = {name.partition("/")[0] for name in _owned(project.metadata) if name.split("/")[1] == source.slug}
    if source.owner and not owners & {source.owner, PLACEHOLDER_OWNER}:
        return _missing(project, script, number, f"{source.owner}/{source.slug}")
    problem = f"{source.path!r}: Kaggle mounts sources in two layouts, and this path is of one"
    return _found(script.file, script.at(number), problem, f'use inputs.find("{source.slug}")', Severity.warning)


def _finds(project: Project, code: Code) -> Iterator[Finding]:
    for call in code.calls():
        if _FIND.intersection(code.scope.names(call.func)):
            slug = Asked(name="inputs.find", node=call, scope=code.scope).text(0, "slug")
            if slug and UNKNOWN not in slug and not _is_attached(project.metadata, slug):
                yield _missing(project, code.script, call.lineno, slug)


def _settings(project: Project, script: Script) -> Iterator[Finding]:
    """Find paths in a file of settings that are not attached; whether they are read, only the run knows."""
    for number, line in enumerate(script.lines, 1):
        for source in mounted(line) if not script.is_allowed(number) else ():
            found = _path(project, script, number, source)
            if found.severity == Severity.error:
                yield replace(found, severity=Severity.warning)


def _owned(metadata: KernelMetadata) -> tuple[str, ...]:
    return metadata.dataset_sources + metadata.kernel_sources + metadata.model_sources


def _is_attached(metadata: KernelMetadata, slug: str) -> bool:
    """Tell whether `inputs.find` may know the slug: bare, with its owner, or a model with framework and variation."""
    owners = {"/".join(source.split("/")[:2]) for source in _owned(metadata)}
    models = {"/".join(source.split("/")[1:4]) for source in metadata.model_sources}
    return slug in {*metadata.slugs, *owners, *models, *metadata.model_sources}


def _missing(project: Project, script: Script, number: int, slug: str) -> Finding:
    attached = ", ".join(project.metadata.slugs) or "nothing"
    problem = f"{slug!r} is not attached; attached: {attached}"
    fix = f"add it to its list of sources in {project.configuration.metadata}, or end the line with  # {ALLOW}"
    return _found(script.file, script.at(number), problem, fix, Severity.error)


def _unused(project: Project, built: Notebook, code: Sequence[Code]) -> Iterator[Finding]:
    """Warn of a source no text of the code names; the competition, and what the configuration names, are used."""
    words = {word.strip(".") for text in _told(project, built, code) for word in _WORD.findall(text)}
    for key in ("dataset_sources", "kernel_sources", "model_sources"):
        for index, source in enumerate(getattr(project.metadata, key)):
            slug = source.split("/")[1]
            if slug not in words and slug.replace("-", "_") not in words:
                place = f"{key}[{index}]"
                problem = f"{source!r} is attached, and no text of the code names it"
                fix = "remove it, or ignore this if it is found by its files"
                yield _found(project.configuration.metadata, place, problem, fix, Severity.warning)


def _told(project: Project, built: Notebook, code: Sequence[Code]) -> Iterator[str]:
    """Yield what may name a source: texts and commands, modules that are imported, files of data, the configuration."""
    known = project.configuration
    yield from (known.wheels_dataset, known.sources_dataset, *known.public)
    yield from (file.text for file in built.tree.files if is_own(file) and file.text and not file.path.endswith(".py"))
    for one in code:
        yield from (text for _, text in literal(one, compared=True))
        yield from (line for _, line in one.magics)
        yield from one.scope.imported.values()
        yield from one.scope.stars


def _found(file: str, place: str | int, problem: str, fix: str, severity: Severity) -> Finding:
    return Finding(code="", severity=severity, file=file, place=place, message=problem, fix=fix)
