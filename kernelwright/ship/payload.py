"""What a push sends, laid out in ``build/push``: the datasets that belong to a kernel, and the kernel."""

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kernelwright.errors import InvalidProject
from kernelwright.project.metadata import DATASET_FILE, read_dataset
from kernelwright.project.model import Project
from kernelwright.project.parsing import Mismatch
from kernelwright.ship import datasets
from kernelwright.ship.datasets import Parcel
from kernelwright.support import atomic_files
from kernelwright.wheels import update
from kernelwright.wheels.dataset import LARGEST_DATASET_FILES

_METADATA = "kernel-metadata.json"


def parcels(project: Project) -> list[Parcel]:
    """Lay out the datasets that belong to the kernel: its wheels, and its sources where a dataset carries them.

    Raises
    ------
    InvalidProject
        One is not made, or not as Kaggle takes it.
    """
    known = project.configuration
    folders = []
    if known.wheels:
        folders.append((known.wheels_dataset, update.folder(project)))
    if known.carrier == "dataset":
        folders.append((known.sources_dataset, project.dataset))
    if problems := [line for slug, folder in folders for line in _troubles(project, slug, folder)]:
        raise InvalidProject(problems)
    atomic_files.make_folder(project.push)
    return [datasets.parcel(folder, project.push / slug) for slug, folder in folders]


def _troubles(project: Project, slug: str, folder: Path) -> Iterator[str]:
    file, again = folder / DATASET_FILE, f"make the dataset {slug} again"
    place = folder.relative_to(project.root).as_posix()
    if not file.is_file():
        yield f"{place}: no {DATASET_FILE}; make the dataset {slug} before the push"
        return
    try:
        read_dataset(json.loads(file.read_text("utf-8")), f"{place}/{DATASET_FILE}")
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        yield f"{place}/{DATASET_FILE}: not JSON: {error}; {again}"
    except Mismatch as mismatch:
        yield from map(str, mismatch.problems)
    count, room = len(datasets.names(folder)), LARGEST_DATASET_FILES - 1  # one lists the contents
    if count > room:
        yield f"{place}: {count} files, and a dataset has room for {room}; {again}"


@dataclass(frozen=True, kw_only=True)
class Load:
    """What is sent as the kernel: a folder for the client, and the digest of all that is in it."""

    folder: Path
    metadata: Mapping[str, Any]
    notebook: bytes

    @property
    def request(self) -> str:
        """Digest of metadata and notebook."""
        return hashlib.sha256(json.dumps(self.metadata, sort_keys=True).encode() + self.notebook).hexdigest()


def load(project: Project, notebook: bytes, versions: Mapping[str, int]) -> Load:
    """Lay out the kernel's folder: the project's metadata, with the versions of its own datasets pinned."""
    folder = project.push / "kernel"
    shutil.rmtree(folder, ignore_errors=True)
    told = json.loads((project.root / project.configuration.metadata).read_text("utf-8"))
    told["code_file"] = project.notebook.name
    told["dataset_sources"] = [_pinned(source, versions) for source in told.get("dataset_sources", [])]
    atomic_files.replace(folder / _METADATA, f"{json.dumps(told, indent=2, ensure_ascii=False)}\n".encode())
    atomic_files.replace(folder / project.notebook.name, notebook)
    return Load(folder=folder, metadata=told, notebook=notebook)


def _pinned(source: str, versions: Mapping[str, int]) -> str:
    version = versions.get("/".join(source.split("/")[:2]))
    return f"{'/'.join(source.split('/')[:2])}/{version}" if version else source


def planned(project: Project, notebook: bytes) -> Iterator[str]:
    """Yield the requests a push would make, without making any."""
    sent = parcels(project)
    for one in sent:
        yield f"kaggle datasets status {one.ref}"
        yield f"kaggle datasets create, or version where {one.mark} is not in it: {len(one.sizes)} files, private"
        yield from (f"  {name}: {size:,} bytes" for name, size in one.sizes.items())
    made = load(project, notebook, {})
    yield f"kaggle kernels push: {len(notebook):,} bytes, sha256 {hashlib.sha256(notebook).hexdigest()[:16]}"
    own = {one.ref for one in sent}
    shown = [f"{one}/<its version>" if one in own else one for one in made.metadata["dataset_sources"]]
    yield json.dumps({**made.metadata, "dataset_sources": shown}, indent=2, ensure_ascii=False)
