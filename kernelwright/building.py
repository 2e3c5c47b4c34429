"""Project -> notebook: the one verb between the two nouns."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from kernelwright import cells, files, notebook, sources
from kernelwright.errors import InvalidProject, NotebookTooLarge
from kernelwright.project import Project
from kernelwright.sources import SourceTree

LARGEST_NOTEBOOK_BYTES = 900_000
"""Kaggle refuses a source over 1 MB; what was accepted near the limit varied, so we stay below."""


@dataclass(frozen=True, kw_only=True)
class Notebook:
    """A built notebook: its cells, its bytes, and the tree it carries."""

    cells: tuple[cells.Cell, ...]
    data: bytes
    tree: SourceTree


def build_notebook(project: Project) -> Notebook:
    """Bundle driver and sources into one notebook; nothing is written.

    Raises
    ------
    InvalidProject
        With every problem of the driver and the sources.
    NotebookTooLarge
        Over `LARGEST_NOTEBOOK_BYTES`.
    """
    tree, driver = _both(project)
    set_up = resources.files("kernelwright").joinpath("setup_cell.py").read_text("utf-8")
    composed = cells.compose(tree, driver, told(project, tree), set_up)
    data = notebook.write(composed)
    if len(data) > LARGEST_NOTEBOOK_BYTES:
        raise NotebookTooLarge(_too_large(project, tree, len(data)))
    return Notebook(cells=composed, data=data, tree=tree)


def _both(project: Project) -> tuple[SourceTree, tuple[cells.Cell, ...]]:
    problems: list[str] = []
    tree, driver = None, None
    try:
        tree = sources.collect(project)
    except InvalidProject as error:
        problems += error.problems
    try:
        driver = notebook.read_driver(project.driver)
    except InvalidProject as error:
        problems += error.problems
    if tree is None or driver is None:
        raise InvalidProject(problems)
    return tree, driver


def told(project: Project, tree: SourceTree) -> Mapping[str, Any]:
    """Return what the runtime needs to know of the project: the content of ``kernelwright.json``."""
    known = project.configuration
    public = {path: asdict(fingerprint) for path, fingerprint in sorted(known.public.items())}
    return {
        "competitions": list(project.metadata.competition_sources),
        "submission": known.submission,
        "sample": known.sample,
        "public": {path: {k: v for k, v in mark.items() if v is not None} for path, mark in public.items()},
        "smoke": known.commit.smoke,
        "limit_hours": known.forecast.limit_hours,
        "imports": {name: list(tree.graph[name]) for name in _module_order(tree)},
    }


def _module_order(tree: SourceTree) -> list[str]:
    return list(dict.fromkeys(file.module for file in tree.files if file.module))


def _too_large(project: Project, tree: SourceTree, size: int) -> str:
    largest = sorted(tree.files, key=lambda file: (-len(file.data), file.path))[:10]
    rows = "\n".join(f"  {len(file.data):>9,} bytes  {file.path}" for file in largest)
    return (
        f"{project.notebook.name}: {size:,} bytes; Kaggle refuses more than 1 MB and we stop at "
        f"{LARGEST_NOTEBOOK_BYTES:,}. The largest files carried:\n{rows}\n"
        "Move data into a dataset and name it in dataset_sources of kernel-metadata.json, or carry fewer sources."
    )


def build(project: Project) -> Path:
    """Build the notebook and write it to ``code_file``, whole or not at all."""
    built = build_notebook(project)
    files.replace(project.notebook, built.data)
    return project.notebook
