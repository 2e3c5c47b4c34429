"""Project -> notebook: the one verb between the two nouns."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from kernelwright.bundle import bootstrap, cells, imports, notebook_io, sources
from kernelwright.bundle.sources import SourceTree
from kernelwright.errors import InvalidProject, NotebookTooLarge, Problem
from kernelwright.project import metadata
from kernelwright.project.model import Project
from kernelwright.project.refs import SourceRef
from kernelwright.support import atomic_files
from kernelwright.wheels import project_locks

LARGEST_NOTEBOOK_BYTES = 900_000
"""Kaggle refuses a source over 1 MB; what was accepted near the limit varied, so we stay below."""
_INSTALL = "kernelwright.runtime.offline"


@dataclass(frozen=True, kw_only=True)
class Notebook:
    """A built notebook.

    Attributes
    ----------
    cells : tuple of Cell
        In order.
    data : bytes
        The file.
    tree : SourceTree
        What it carries.
    dataset : mapping
        File name -> bytes of the dataset that carries the tree instead, empty for ``carrier = "cells"``.
    """

    cells: tuple[cells.Cell, ...]
    data: bytes
    tree: SourceTree
    dataset: Mapping[str, bytes]

    @property
    def carriers(self) -> dict[str, str]:
        """Path -> what carries the file: ``cell``, ``set-up`` or ``dataset``."""
        if self.dataset:
            return dict.fromkeys(self.tree.digests, "dataset")
        return {file.path: "cell" if cells.fits_a_cell(file) else "set-up" for file in self.tree.files}


def build_notebook(project: Project) -> Notebook:
    """Bundle driver and sources into one notebook; nothing is written.

    Raises
    ------
    InvalidProject
        With every problem of the driver, the sources and the locks of the wheels.
    NotebookTooLarge
        Over `LARGEST_NOTEBOOK_BYTES`.
    """
    built = assemble(project)
    hold_to_size(project, built)
    return built


def hold_to_size(project: Project, built: Notebook) -> None:
    """Raise `NotebookTooLarge` for a notebook over `LARGEST_NOTEBOOK_BYTES`."""
    if len(built.data) > LARGEST_NOTEBOOK_BYTES:
        raise NotebookTooLarge(_too_large(project, built))


def assemble(project: Project) -> Notebook:
    """Do as `build_notebook`, whatever the size."""
    tree, driver = _both(project)
    known = project.configuration
    slug = known.sources_dataset if known.carrier == "dataset" else ""
    content = told(project, tree, driver)
    config = _told(content)
    early = imports.closure(tree.graph, _INSTALL) if content.get("wheels") else frozenset()
    packed = {file.path: file.data for file in tree.files if not cells.fits_a_cell(file) or file.module in early}
    set_up = bootstrap.text(config, packed, slug, installs=bool(early))
    composed = cells.compose(tree, driver, config, set_up, shown=not slug)
    dataset = _dataset(project, tree) if slug else {}
    return Notebook(cells=composed, data=notebook_io.write(composed), tree=tree, dataset=dataset)


def _both(project: Project) -> tuple[SourceTree, tuple[cells.Cell, ...]]:
    problems: list[Problem] = []
    tree, driver = None, None
    try:
        tree = sources.collect(project)
    except InvalidProject as error:
        problems += error.problems
    try:
        driver = notebook_io.read_driver(project.driver, project.configuration.driver)
    except InvalidProject as error:
        problems += error.problems
    if tree is None or driver is None:
        raise InvalidProject(problems)
    return tree, driver


def told(project: Project, tree: SourceTree, driver: Sequence[cells.Cell]) -> Mapping[str, Any]:
    """Return what the notebook needs to know of the project: the content of ``kernelwright.json``."""
    known = project.configuration
    public = {path: asdict(fingerprint) for path, fingerprint in sorted(known.public.items())}
    order = dict.fromkeys(file.module for file in tree.files if file.module)
    return {
        "kernel": SourceRef.parse(project.metadata.id).slug,
        "competitions": list(project.metadata.competition_sources),
        "submission": known.submission[0],
        "sample": known.sample,
        "public": {path: {k: v for k, v in mark.items() if v is not None} for path, mark in public.items()},
        "smoke": known.commit.smoke,
        "limit_hours": known.forecast.limit_hours,
        **wheels(project),
        "driver": {**bootstrap.driver(tree.stage), "sha256": cells.driver_digest(driver)},
        "imports": {name: list(tree.graph[name]) for name in order},
        "files": tree.digests,
    }


def wheels(project: Project) -> dict[str, Any]:
    """Return what the notebook needs to know of the wheels, nothing where it has none."""
    if not project.configuration.wheels:
        return {}
    return {"wheels": project_locks.wheel_hashes(project), "wheels_dataset": project.configuration.wheels_dataset}


def _told(config: Mapping[str, Any]) -> str:
    """Write the configuration as JSON that reads well: a line a key, and a line an entry of a table."""
    lines = ",\n".join(f"{json.dumps(key)}: {_table(value)}" for key, value in config.items())
    return f"{{\n{lines}\n}}\n"


def _table(value: object) -> str:
    if not isinstance(value, dict) or not value:
        return _json(value)
    entries = ",\n".join(f"  {_json(key)}: {_json(entry)}" for key, entry in value.items())
    return f"{{\n{entries}\n}}"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _dataset(project: Project, tree: SourceTree) -> dict[str, bytes]:
    slug = project.configuration.sources_dataset
    owner = project.metadata.id.partition("/")[0]
    described = {"id": f"{owner}/{slug}", "title": _title(slug), "licenses": [{"name": "other"}]}
    return {
        metadata.DATASET_FILE: f"{json.dumps(described, indent=1)}\n".encode(),
        bootstrap.DATASET_FILE: bootstrap.dataset({file.path: file.data for file in tree.files}),
    }


def _title(slug: str) -> str:
    return slug.replace("-", " ").capitalize()[:50]


def _too_large(project: Project, built: Notebook) -> str:
    largest = sorted(built.tree.files, key=lambda file: (-len(file.data), file.path))[:10]
    rows = "\n".join(f"  {len(file.data):>9,} bytes  {file.path}" for file in largest)
    return (
        f"{project.notebook.name}: {len(built.data):,} bytes; Kaggle refuses more than 1 MB and we stop at "
        f"{LARGEST_NOTEBOOK_BYTES:,}. The largest files carried:\n{rows}\n"
        "Move data into a dataset and name it in dataset_sources of kernel-metadata.json, carry fewer sources, "
        'or set carrier = "dataset", which takes the whole tree out of the notebook.'
    )


def build(project: Project) -> Path:
    """Build the notebook and write it to ``code_file``, whole or not at all.

    With ``carrier = "dataset"``, the dataset is written to ``build/sources/``; that of a further kernel, to
    ``build/sources-NAME/``.
    """
    write(project, build_notebook(project))
    return project.notebook


def write(project: Project, built: Notebook) -> None:
    """Write what was built, as `build` does, and a note of its digest, by which an edit of the notebook is known."""
    dataset = {project.dataset / name: data for name, data in built.dataset.items()}
    note = {_note(project): f"{_sha256(built.data)}\n".encode()}
    atomic_files.replace_all({**dataset, project.notebook: built.data, **note})


def was_edited(project: Project, built: Notebook) -> bool:
    """Tell whether the notebook on disk is neither ``built`` nor the one last built here."""
    if not (project.notebook.is_file() and _note(project).is_file()):
        return False
    known = {_sha256(built.data), _note(project).read_text("utf-8", "replace").strip()}
    return _sha256(project.notebook.read_bytes()) not in known


def _note(project: Project) -> Path:
    return project.build / f".{project.notebook.name}.sha256"


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
