"""Copy what a push sends, the kernel and its datasets, to ``build/push``."""

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from kernelwright.errors import InvalidProject, Problem
from kernelwright.project import metadata
from kernelwright.project.metadata import DATASET_FILE
from kernelwright.project.model import METADATA, Project
from kernelwright.project.refs import SourceRef
from kernelwright.ship.datasets import DatasetUpload, file_names, stage_dataset
from kernelwright.support import atomic_files, json_text
from kernelwright.support.hashing import sha256
from kernelwright.wheels import update
from kernelwright.wheels.dataset import LARGEST_DATASET_FILES


def stage_datasets(project: Project) -> list[DatasetUpload]:
    """Stage the kernel's own datasets: its wheels, and with ``carrier = "dataset"`` its sources.

    Raises `InvalidProject` if one has not been made or would not be accepted by Kaggle.
    """
    configuration = project.configuration
    folders = []
    if configuration.wheels:
        folders.append((configuration.wheels_dataset, update.folder(project)))
    if configuration.carrier == "dataset":
        folders.append((configuration.sources_dataset, project.dataset))
    if problems := [problem for slug, folder in folders for problem in _problems(project, slug, folder)]:
        raise InvalidProject(problems)
    atomic_files.make_folder(project.push)
    return [stage_dataset(project.root, folder, project.push / slug) for slug, folder in folders]


def _problems(project: Project, slug: str, folder: Path) -> Iterator[Problem]:
    place, fix = folder.relative_to(project.root).as_posix(), f"make the dataset {slug} again"
    file = f"{place}/{DATASET_FILE}"
    try:
        metadata.read_dataset(json_text.parse((folder / DATASET_FILE).read_text("utf-8")), file)
    except FileNotFoundError:
        message, fix = f"no {DATASET_FILE}", f"make the dataset {slug} before the push"
        yield Problem(code="KW931", file=place, message=message, fix=fix)
        return
    except InvalidProject as error:
        yield from error.problems
    except ValueError as error:
        yield Problem(code="KW931", file=file, message=f"not JSON: {error}", fix=fix)
    count, room = len(file_names(folder)), LARGEST_DATASET_FILES - 1  # one more file lists the contents
    if count > room:
        yield Problem(code="KW932", file=place, message=f"{count} files, and a dataset has room for {room}", fix=fix)


def stage_kernel(project: Project, notebook: bytes, versions: Mapping[str, int]) -> tuple[Path, Mapping[str, Any]]:
    """Stage the kernel: the notebook, and the project's metadata with the versions of its own datasets pinned.

    Returns
    -------
    tuple
        The folder to push, and the metadata in it.
    """
    folder = project.push / "kernel"
    shutil.rmtree(folder, ignore_errors=True)
    sent = {**metadata.read_raw(project.root, project.configuration.metadata), "code_file": project.notebook.name}
    names = {source: SourceRef.parse(source).name for source in sent.get("dataset_sources", [])}
    sent["dataset_sources"] = [
        f"{name}/{versions[name]}" if name in versions else source for source, name in names.items()
    ]
    # The client reads the metadata under its usual name, whatever the project's file is called.
    atomic_files.replace(folder / METADATA, f"{json.dumps(sent, indent=2, ensure_ascii=False)}\n".encode())
    atomic_files.replace(folder / project.notebook.name, notebook)
    return folder, sent


def describe_requests(project: Project, notebook: bytes) -> Iterator[str]:
    """Yield a description of each request that a push would make, without making any."""
    uploads = stage_datasets(project)
    for upload in uploads:
        yield f"kaggle datasets status {upload.ref}"
        what = f"{len(upload.sizes)} files, private"
        yield f"kaggle datasets create, or version where {upload.marker} is not in it: {what}"
        yield from (f"  {name}: {size:,} bytes" for name, size in upload.sizes.items())
    yield f"kaggle kernels push: {len(notebook):,} bytes, sha256 {sha256(notebook)[:16]}"
    _, sent = stage_kernel(project, notebook, {})
    own = {upload.ref for upload in uploads}
    sources = [f"{source}/<its version>" if source in own else source for source in sent["dataset_sources"]]
    yield json.dumps({**sent, "dataset_sources": sources}, indent=2, ensure_ascii=False)
