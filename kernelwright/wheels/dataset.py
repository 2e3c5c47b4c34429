"""Write the folder of the dataset of wheels. It is flat, private, and replaced atomically."""

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from kernelwright.errors import WheelsUnavailable
from kernelwright.project.metadata import DATASET_FILE, read_dataset
from kernelwright.project.model import Project
from kernelwright.support import atomic_files
from kernelwright.wheels.wheel_file import Wheel

LARGEST_DATASET_FILES = 50
"""Kaggle accepts no more files at the top level of a dataset. The metadata is counted here but not sent, which leaves
room for the list of contents that a push adds.
"""
LICENCES = "LICENCES.txt"


def metadata(project: Project) -> bytes:
    """Return the bytes of dataset-metadata.json; raises `InvalidProject` if slug or title break a rule of Kaggle's."""
    table = {
        "id": f"{project.metadata.owner}/{project.configuration.wheels_dataset}",
        "title": f"Wheels for {project.metadata.title}"[:50].rstrip(),  # Kaggle accepts up to 50 characters
        "licenses": [{"name": "other"}],
        "description": f"Each wheel under its own licence: see {LICENCES}.",
    }
    read_dataset(table, DATASET_FILE)
    return f"{json.dumps(table, indent=2, ensure_ascii=False)}\n".encode()


def licences(wheels: Sequence[Wheel]) -> bytes:
    """Return the licences of all wheels as one text."""
    blocks = []
    for wheel in wheels:
        short = wheel.licence.strip().partition("\n")[0]
        head = f"{wheel.name} {wheel.version}" + (f": {short}" if short else "")
        texts = [f"--- {name} ---\n\n{text.strip()}" for name, text in wheel.licences]
        blocks.append("\n\n".join([f"{'=' * len(head)}\n{head}\n{'=' * len(head)}", *texts]))
    return ("\n\n\n".join(blocks) + "\n").encode()


def carry(folder: Path, wheels: Sequence[Wheel], further: Mapping[str, bytes]) -> None:
    """Replace ``folder`` by one that holds the wheels and the further files.

    Raises
    ------
    WheelsUnavailable
        If there are more files than Kaggle accepts.
    UnwritableOutput
        If the folder cannot be written. The old one is then intact.
    """
    count = len(wheels) + len(further)
    if count > LARGEST_DATASET_FILES:
        raise WheelsUnavailable(
            f"{folder}: {len(wheels)} wheels and {len(further)} further files make {count}; Kaggle takes "
            f"{LARGEST_DATASET_FILES} at the top of a dataset; name fewer images, or fewer requirements"
        )
    with atomic_files.report_errors(folder), atomic_files.scratch_folder(folder.parent) as scratch:
        new = scratch / "new"
        new.mkdir()
        for wheel in wheels:
            shutil.copyfile(wheel.path, new / wheel.path.name)
        for name, data in further.items():
            (new / name).write_bytes(data)
        _swap(new, folder, scratch / "old")


def _swap(new: Path, folder: Path, old: Path) -> None:
    # A folder that is not empty cannot be replaced by one rename.
    if folder.exists():
        folder.rename(old)
    try:
        new.rename(folder)
    except OSError:
        if old.exists():  # put the old folder back, so that it is intact
            old.rename(folder)
        raise
