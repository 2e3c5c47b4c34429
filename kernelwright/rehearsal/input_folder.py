"""Stage the input of a run: the attached sources as the kernel may see them, without the truth."""

import csv
import io
import itertools
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

from kernelwright.check import rehearsal_report
from kernelwright.errors import InvalidInput
from kernelwright.project import model
from kernelwright.project.config import Fingerprint
from kernelwright.project.metadata import DATASET_FILE, KernelMetadata
from kernelwright.project.model import Project
from kernelwright.project.refs import SourceRef
from kernelwright.rehearsal import attached, file_copies, tables
from kernelwright.rehearsal.attached import TRUTH, Source
from kernelwright.rehearsal.run_directory import Layout, PhaseName, RunDirectory
from kernelwright.runtime import csv_file

_RUNS = {f"{phase}-{layout}" for phase in get_args(PhaseName) for layout in get_args(Layout)}


@dataclass(frozen=True, kw_only=True)
class Folders:
    """The folders in which the attached sources are searched."""

    source: Path
    """The input folder."""
    others: Path | None = None
    """Searched after ``source`` for all but competitions, so a folder of public data need not repeat the weights."""
    outputs: Mapping[str, Path] = field(default_factory=dict)
    """Output folders of kernels rehearsed earlier in a chain, by kernel id; searched before ``source``."""


def stage(project: Project, folders: Folders, directory: RunDirectory, *, read_only: bool) -> list[str]:
    """Stage the attached sources; return those that were not found.

    If the sandbox shows them ``read_only``, files are hard links. Otherwise the run could change the user's own data
    through a link, so files are copies, which share their blocks if the file system can.

    Raises
    ------
    InvalidInput
        The input folder or a competition's folder in it is missing, or a file in it cannot be copied.
    """
    source = folders.source
    if not source.is_dir() and project.metadata.slugs:
        raise InvalidInput(f"{source}: no such folder; name an input folder with --input")
    wanted = attached.sources(project.metadata)
    places = {needed: folder for needed in wanted if (folder := _folder(project, folders, needed))}
    missing = [needed for needed in wanted if needed not in places]
    if competitions := [needed.slug for needed in missing if needed.is_competition]:
        present = ", ".join(sorted(path.name for path in source.iterdir() if path.is_dir())) or "nothing"
        raise InvalidInput(f"{source}: no folder {', '.join(competitions)} for the competition; there is: {present}")
    copy = file_copies.hard_link if read_only else file_copies.private_copy
    directory.input.mkdir(parents=True)
    for attached_source, folder in places.items():
        target = directory.input / attached_source.place
        if is_script(attached_source, folder):
            target = directory.scripts / attached_source.module
        file_copies.copy_tree(folder, target, copy, attached_source.is_shown)
    return [needed.ref if needed.is_shared else needed.slug for needed in missing]


def mounts(described: KernelMetadata, directory: RunDirectory, layout: Layout) -> tuple[tuple[Path, str], ...]:
    """Return pairs of a staged folder and the place where Kaggle mounts it, for each source that was found."""
    pairs = []
    for attached_source in attached.sources(described):
        pairs.append((directory.input / attached_source.place, attached_source.mount_point(layout)))
        pairs.append((directory.scripts / attached_source.module, attached_source.script_mount_point(layout)))
    return tuple((folder, target) for folder, target in pairs if folder.is_dir())


def is_script(source: Source, folder: Path) -> bool:
    """Return True if a kernel source is a utility script, which is imported by its name, and not a kernel's output.

    Its folder holds a module of the source's name, or nothing but Python files.
    """
    names = [path.name for path in folder.iterdir()]
    return source.is_kernel and (
        f"{source.module}.py" in names or (bool(names) and all(name.endswith(".py") for name in names))
    )


def _folder(project: Project, folders: Folders, attached_source: Source) -> Path | None:
    """Return a source's folder, from the chain, the input folder, or the last rehearsal of the kernel; None if none."""
    if attached_source.is_kernel and (output := folders.outputs.get(SourceRef.parse(attached_source.ref).name)):
        return output
    others = None if attached_source.is_competition else folders.others
    within = next(filter(None, map(attached_source.within, filter(None, (folders.source, others)))), None)
    if within or not attached_source.is_kernel:
        return within
    kernel = model.kernels_by_id(project.root).get(SourceRef.parse(attached_source.ref).name)
    # A kernel that attaches its own output gets it only from the input folder.
    return last_output(kernel) if kernel and kernel.kernel != project.kernel else None


def last_output(kernel: Project) -> Path | None:
    """Return the working folder of the last Complete run in a kernel's last rehearsal; None if there is none.

    Raises `InvalidInput` if a link in it leads out of it.
    """
    try:
        runs = rehearsal_report.read(kernel).runs
    except (OSError, ValueError):
        return None
    complete = [f"{run.phase}-{run.mounts}" for run in runs if run.verdict == "Complete"]
    named = [name for name in complete if name in _RUNS]  # an edited report could name any folder
    folder = kernel.rehearsal / named[-1] / "working" if named else None
    if folder is None or not folder.is_dir():
        return None
    if outside := [path for path in folder.rglob("*") if not path.resolve().is_relative_to(folder.resolve())]:
        raise InvalidInput(f"{outside[0]}: a link that leads out of what the run left; remove it")
    return folder


def truth(project: Project, source: Path) -> Path | None:
    """Return the file with the truth in an input folder; None if there is none."""
    folders = [competition.within(source) for competition in attached.competitions(project.metadata)]
    return next((folder / TRUTH for folder in folders if folder and (folder / TRUTH).is_file()), None)


def put_dataset(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Stage a dataset that was just built, replacing the input folder's version of it."""
    file_copies.remove_tree(folder)
    folder.mkdir(parents=True)
    for name in contents.keys() - {DATASET_FILE}:  # Kaggle does not mount a dataset's metadata file
        (folder / name).write_bytes(contents[name])


def make_public(folder: Path, public: Mapping[str, Fingerprint]) -> None:
    """Make the staged ``folder`` look like the public data to the guard.

    Each fingerprinted table is padded to the declared number of rows with copies of its last row under new ids.
    Raises `InvalidInput` for a fingerprint that padding cannot match.
    """
    for name, mark in public.items():
        if mark.bytes is not None or mark.sha256 is not None or mark.rows is None:
            raise InvalidInput(
                f"{name}: only `rows` can be imitated; put the public files into a folder named like the input "
                "folder with -public after it, or rehearse with --phase rerun"
            )
        _pad(folder, folder / name, mark.rows)


def _pad(folder: Path, file: Path, rows: int) -> None:
    if not file.is_file() or not file.resolve().is_relative_to(folder.resolve()):
        raise InvalidInput(f"{file}: no such file, but tool.kernelwright.public names it")
    try:
        records = csv_file.read(file)
    except (OSError, csv.Error) as error:
        raise InvalidInput(f"{file}: cannot be padded to the public {rows} rows: {error}") from error
    if not 2 <= len(records) <= rows + 1:
        raise InvalidInput(f"{file}: {len(records) - 1} rows cannot be padded to the public {rows}")
    # The last row with as many cells as the header; if there is none, the last row.
    model_row = next(row for row in reversed(records) if len(row) == len(records[0]) or row is records[-1])
    taken, width = {row[0] for row in records}, len(model_row[0])
    # Only digits, and as many as the last key has characters, so that a key looks like a number and like hexadecimal.
    free = (key for number in itertools.count() if (key := f"{number:0{width}}") not in taken)
    fresh = itertools.islice(free, rows + 1 - len(records))
    content, added = file.read_bytes(), io.StringIO(newline="")
    end = "\r\n" if b"\r\n" in content else "\n"
    csv.writer(added, lineterminator=end).writerows([key, *model_row[1:]] for key in fresh)
    between = b"" if content.endswith((b"\n", b"\r")) else end.encode("ascii")
    coding = tables.coding(content).removesuffix("-sig")  # a byte order mark belongs only at the start of the file
    beside = file.with_name(f"{file.name}.padded")  # the file itself may be a hard link to the user's own
    beside.unlink(missing_ok=True)  # so may a file of this name
    beside.write_bytes(content + between + added.getvalue().encode(coding))
    os.replace(beside, file)  # noqa: PTH105 - a single atomic call
