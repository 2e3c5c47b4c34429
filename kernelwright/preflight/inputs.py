"""What the code reads of Kaggle's inputs against what is attached."""

import ast
from collections.abc import Iterator, Mapping, Sequence

from kernelwright.building import Notebook
from kernelwright.metadata import KernelMetadata
from kernelwright.preflight.findings import Finding, Severity
from kernelwright.preflight.scripts import Script, scripts
from kernelwright.project import Project

ROOT = "/kaggle/input/"
_FIND = ("kernelwright.runtime.inputs.find", "inputs.find")
_OWNED = {"datasets": 2, "notebooks": 2, "models": 2, "competitions": 1}


def check(project: Project, built: Notebook) -> Iterator[Finding]:
    """Check each ``/kaggle/input/...`` text and each ``inputs.find(...)``, and that every source is used."""
    texts = scripts(project, built)
    names = {key: value for text in texts if text.is_driver for key, value in text.names.items()}
    constants = _constants(texts)
    for text in texts:
        yield from _literals(project, text)
        yield from _finds(project, text, names if text.is_driver else text.names, constants)
    yield from _unused(project, texts)


def _is_attached(metadata: KernelMetadata, slug: str) -> bool:
    """Tell whether `inputs.find` may know the slug: bare, with its owner, or a model with framework and variation."""
    sources = (*metadata.slugs, *metadata.dataset_sources, *metadata.kernel_sources, *metadata.model_sources)
    shortened = {"/".join(source.split("/")[:2]) for source in sources}
    models = {"/".join(source.split("/")[1:4]) for source in metadata.model_sources}
    return slug in {*sources, *shortened, *models}


def _constant_texts(text: Script) -> Iterator[ast.Constant]:
    """Yield the string constants, docstrings left out."""
    told = {id(node.value) for node in ast.walk(text.tree) if isinstance(node, ast.Expr)}
    for node in text.running():
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node


def _literals(project: Project, text: Script) -> Iterator[Finding]:
    for node in _constant_texts(text):
        value = str(node.value)
        if not value.startswith((ROOT, "../input/")) or text.is_allowed(node.lineno):
            continue
        slug = _slug(value)
        if slug and not _is_attached(project.metadata, slug):
            yield _missing(project, text, node.lineno, slug)
        elif slug:
            problem = f"{value!r}: Kaggle mounts sources in two layouts, and this path is of one"
            yield _found(text.place(node.lineno), problem, f'use inputs.find("{slug}")', Severity.warning)


def _slug(path: str) -> str:
    parts = [part for part in path.split("/input/", 1)[1].split("/") if part]
    at = _OWNED.get(parts[0], 0) if parts else 0
    found = parts[at] if len(parts) > at else ""
    return "" if any(mark in found for mark in "*?[{") else found


def _constants(texts: Sequence[Script]) -> Mapping[str, str]:
    """Return the names that the code gives exactly one text."""
    given: dict[str, set[str]] = {}
    for text in texts:
        for node in ast.walk(text.tree):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
                for target in node.targets:
                    if isinstance(target, ast.Name) and isinstance(node.value.value, str):
                        given.setdefault(target.id, set()).add(node.value.value)
    return {name: next(iter(values)) for name, values in given.items() if len(values) == 1}


def _finds(project: Project, text: Script, names: Mapping[str, str], constants: Mapping[str, str]) -> Iterator[Finding]:
    for node in text.running():
        if isinstance(node, ast.Call) and text.dotted(node.func, names) in _FIND and node.args:
            asked = node.args[0]
            value = constants.get(asked.id) if isinstance(asked, ast.Name) else getattr(asked, "value", None)
            known = not isinstance(value, str) or _is_attached(project.metadata, value)
            if isinstance(value, str) and not known and not text.is_allowed(node.lineno):
                yield _missing(project, text, node.lineno, value)


def _missing(project: Project, text: Script, number: int, slug: str) -> Finding:
    file = project.configuration.metadata
    attached = ", ".join(project.metadata.slugs) or "nothing"
    return _found(
        text.place(number),
        f"{slug!r} is not attached; attached: {attached}",
        f"add it to its list of sources in {file}",
        Severity.error,
    )


def _unused(project: Project, texts: Sequence[Script]) -> Iterator[Finding]:
    """Warn of a source no text of the code names; the competition, and what the configuration names, are used."""
    known = project.configuration
    told = [str(node.value) for text in texts for node in _constant_texts(text)]
    told += [known.wheels_dataset, known.sources_dataset, *known.public, *project.metadata.competition_sources]
    metadata = project.metadata
    for key in ("dataset_sources", "kernel_sources", "model_sources"):
        for index, source in enumerate(getattr(metadata, key)):
            slug = source.split("/")[1]
            if not any(slug in text for text in told):
                place = f"{known.metadata}: {key}[{index}]"
                problem = f"{source!r} is attached, and no text of the code names it"
                yield _found(place, problem, "remove it, or ignore this if it is found by its files", Severity.warning)


def _found(place: str, problem: str, fix: str, severity: Severity) -> Finding:
    return Finding(check="inputs", severity=severity, place=place, problem=problem, fix=fix)
