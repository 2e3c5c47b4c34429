"""Build the notebook of a project, and write it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from kernelwright.bundle import bootstrap, cells, file_walk, notebook_io, sources
from kernelwright.bundle.source_tree import SourceTree
from kernelwright.errors import InvalidProject, NotebookTooLarge
from kernelwright.project import consistency, metadata
from kernelwright.project.model import Project
from kernelwright.project.refs import SourceRef
from kernelwright.support import atomic_files, hashing
from kernelwright.wheels import project_locks

LARGEST_NOTEBOOK_BYTES = 900_000
"""Kaggle refuses notebooks over 1 MB. The exact limit varied, so we stay below it."""


@dataclass(frozen=True, kw_only=True)
class Notebook:
    """A built notebook.

    Attributes
    ----------
    cells : tuple of Cell
        The cells, in order.
    data : bytes
        The bytes of the ``.ipynb`` file.
    tree : SourceTree
        The carried files.
    dataset : mapping
        File name -> bytes of the dataset of the sources; empty with ``carrier = "cells"``.
    wheels : mapping
        File name -> sha256 of the wheels that the notebook installs.
    """

    cells: tuple[cells.Cell, ...]
    data: bytes
    tree: SourceTree
    dataset: Mapping[str, bytes]
    wheels: Mapping[str, str]


def build_notebook(project: Project, *, limit: int | None = LARGEST_NOTEBOOK_BYTES) -> Notebook:
    """Bundle driver and sources into one notebook, without writing any file.

    Parameters
    ----------
    project : Project
        The project to build.
    limit : int or None
        Largest size of the notebook in bytes; None for no limit.

    Raises
    ------
    InvalidProject
        With every problem of the driver and the sources. If there are none, with every problem of the locks.
    NotebookTooLarge
        If the notebook is larger than ``limit``.
    """
    configuration = project.configuration
    # Read both before raising, so that all problems are reported at once.
    driver, driver_problems = notebook_io.load_driver(project.driver, configuration.driver)
    tree, problems = sources.collect(project, [cell.source for cell in driver if cell.kind == "code"])
    if problems := [*problems, *driver_problems]:
        raise InvalidProject(problems)

    # The notebook carries the hashes, so that it refuses wheels that were replaced in the dataset.
    wheels = project_locks.wheel_hashes(project) if configuration.wheels else {}
    manifest = write_manifest(runtime_config(project, tree, driver, wheels))

    packed = {file.path: file.data for file in tree.files if file.carrier == "bootstrap"}
    text = bootstrap.text(manifest, packed, consistency.sources_dataset(configuration), installs=bool(wheels))
    hidden = file_walk.matcher(configuration.hide_input)
    composed = cells.compose(tree, driver, cells.bootstrap_cell(text, manifest), hidden=hidden)
    dataset = _dataset(project, {file.path: file.data for file in tree.files if file.carrier == "dataset"})
    built = Notebook(cells=composed, data=notebook_io.write(composed), tree=tree, dataset=dataset, wheels=wheels)
    if limit is not None and len(built.data) > limit:
        largest = sorted(tree.files, key=lambda file: (-len(file.data), file.path))[:10]
        sizes = {file.path: len(file.data) for file in largest}
        raise NotebookTooLarge(project.notebook.name, size=len(built.data), limit=limit, largest=sizes)
    return built


def runtime_config(
    project: Project, tree: SourceTree, driver: Sequence[cells.Cell], wheels: Mapping[str, str]
) -> dict[str, Any]:
    """Return the manifest, the content of ``kernelwright.json``: what the notebook knows about the project."""
    configuration, placement = project.configuration, tree.placement
    public = {path: asdict(fingerprint) for path, fingerprint in sorted(configuration.public.items())}
    names = {"__file__": f"{{root}}/{placement.file}"} if placement.carried else {}
    names |= {"__package__": placement.package} if placement.package else {}
    # The tree's files are in dependency order. `reload` relies on this order.
    order = dict.fromkeys(file.module for file in tree.files if file.module)
    return {
        "kernel": SourceRef.parse(project.metadata.id).slug,
        "competitions": list(project.metadata.competition_sources),
        "submission": configuration.submission[0],
        "sample": configuration.sample,
        "public": {path: {k: v for k, v in mark.items() if v is not None} for path, mark in public.items()},
        "smoke": configuration.commit.smoke,
        "limit_hours": configuration.forecast.limit_hours,
        **({"wheels": wheels, "wheels_dataset": configuration.wheels_dataset} if configuration.wheels else {}),
        # What the driver's cells see; the bootstrap cell replaces {root} by the folder of the source tree.
        "driver": {
            "file": placement.file,
            "folder": placement.folder,
            "names": names,
            "sha256": cells.driver_digest(driver),
        },
        "imports": {name: list(tree.graph[name]) for name in order},
        "files": tree.digests,
    }


def write_manifest(config: Mapping[str, Any]) -> str:
    """Return the manifest as JSON that is readable in a cell: one line per key and one per entry of a table."""
    lines = []
    for key, value in config.items():
        text = json.dumps(value, ensure_ascii=False)
        if isinstance(value, dict) and value:
            rows = (f"  {json.dumps({name: entry}, ensure_ascii=False)[1:-1]}" for name, entry in value.items())
            text = "{\n" + ",\n".join(rows) + "\n}"
        lines.append(f"{json.dumps(key)}: {text}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _dataset(project: Project, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the dataset that carries ``files``, as file name -> bytes; empty if there are no files."""
    if not files:
        return {}
    slug = project.configuration.sources_dataset
    title = slug.replace("-", " ").capitalize()[:50]  # Kaggle accepts titles of up to 50 characters
    described = {"id": f"{project.metadata.owner}/{slug}", "title": title, "licenses": [{"name": "other"}]}
    return {
        metadata.DATASET_FILE: f"{json.dumps(described, indent=1)}\n".encode(),
        bootstrap.DATASET_FILE: bootstrap.dataset(files),
    }


def build(project: Project) -> Path:
    """Build the notebook and write it atomically to ``code_file``. Return its path.

    With ``carrier = "dataset"``, also write the dataset to ``build/sources/``, or to ``build/sources-NAME/`` for a
    further kernel.
    """
    write(project, build_notebook(project))
    return project.notebook


def write(project: Project, built: Notebook) -> None:
    """Write the notebook, its dataset, and a note of its digest, by which `was_edited` recognises an edit."""
    dataset = {project.dataset / name: data for name, data in built.dataset.items()}
    note = {_note(project): f"{hashing.sha256(built.data)}\n".encode()}
    # All files in one call, so that a failed build never leaves a dataset and a notebook that differ.
    atomic_files.replace_all({**dataset, project.notebook: built.data, **note})


def was_edited(project: Project, built: Notebook) -> bool:
    """Return True if the notebook on disk is neither ``built`` nor the one that was last built here."""
    if not (project.notebook.is_file() and _note(project).is_file()):
        return False  # without a note of the last build, an edit cannot be recognised
    last = _note(project).read_text("utf-8", "replace").strip()
    return hashing.file_sha256(project.notebook) not in {hashing.sha256(built.data), last}


def _note(project: Project) -> Path:
    return project.build / f".{project.notebook.name}.sha256"
