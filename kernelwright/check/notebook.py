"""The notebook on disk, as Kaggle's client would send it."""

import json
from collections.abc import Iterator

from kernelwright.bundle.build import LARGEST_NOTEBOOK_BYTES
from kernelwright.check.finding import Finding, Severity
from kernelwright.project.model import Project

_BUILD = "run `kernelwright build`"


def check(project: Project, built: bytes) -> Iterator[Finding]:
    """Compare the notebook on disk with ``built``, which the sources give now."""
    place = project.metadata.code_file
    try:
        data = project.notebook.read_bytes()
    except OSError:
        yield _unready(place, "not built yet", _BUILD)
        return
    if data != built:
        fix = f"{_BUILD}, or keep what was edited in it with `kernelwright pull --from {place}`"
        yield _unready(place, "stale: the sources give another notebook", fix)
        yield from _contents(place, data)


def _contents(place: str, data: bytes) -> Iterator[Finding]:
    """Check a notebook that is not ours as it stands."""
    if len(data) > LARGEST_NOTEBOOK_BYTES:
        problem = f"{len(data):,} bytes; Kaggle refuses more than 1 MB and we stop at {LARGEST_NOTEBOOK_BYTES:,}"
        yield _error(place, problem, _BUILD)
    try:
        told = json.loads(data)
    except (ValueError, RecursionError) as error:
        yield _error(place, f"not JSON: {error}", _BUILD)
        return
    if not _kernelspec(told):
        yield _error(place, "no metadata.kernelspec.name, without which Kaggle cannot run a notebook", _BUILD)


def _kernelspec(told: object) -> object:
    for key in ("metadata", "kernelspec", "name"):
        told = told.get(key) if isinstance(told, dict) else None
    return told


def _unready(place: str, problem: str, fix: str) -> Finding:
    return Finding(check="notebook", severity=Severity.unready, place=place, problem=problem, fix=fix)


def _error(place: str, problem: str, fix: str) -> Finding:
    return Finding(check="notebook", severity=Severity.error, place=place, problem=problem, fix=fix)
