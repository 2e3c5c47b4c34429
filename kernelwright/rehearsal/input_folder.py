"""The input of a run, staged: what is attached, without the truth, as the kernel may see it."""

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
    """Where the attached sources are looked for."""

    source: Path
    """The input folder."""
    others: Path | None = None
    """Has what is no competition and not in ``source``: a folder of public data need not repeat the weights."""
    outputs: Mapping[str, Path] = field(default_factory=dict)
    """What kernels left that were rehearsed before this one; it goes before ``source``."""


def stage(project: Project, folders: Folders, directory: RunDirectory, *, read_only: bool) -> list[str]:
    """Lay out the attached sources; return those that are nowhere.

    Files are hard links where the sandbox shows them ``read_only``. Else the run could write through a link into the
    user's own data, so they are copies, which share their blocks where the file system can.

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
    """Return staged folder -> where Kaggle mounts it, for each source that is there."""
    pairs = []
    for attached_source in attached.sources(described):
        pairs.append((directory.input / attached_source.place, attached_source.mount_point(layout)))
        pairs.append((directory.scripts / attached_source.module, attached_source.script_mount_point(layout)))
    return tuple((folder, target) for folder, target in pairs if folder.is_dir())


def is_script(source: Source, folder: Path) -> bool:
    """Whether a kernel source is a utility script, which is imported by its name, rather than a notebook's output."""
    names = [path.name for path in folder.iterdir()]
    return source.is_kernel and (
        f"{source.module}.py" in names or (bool(names) and all(name.endswith(".py") for name in names))
    )


def _folder(project: Project, folders: Folders, attached_source: Source) -> Path | None:
    """Return a source's folder: a chain's output, else of the input folder, else of a kernel's last rehearsal."""
    if attached_source.is_kernel and (output := folders.outputs.get(SourceRef.parse(attached_source.ref).name)):
        return output
    others = None if attached_source.is_competition else folders.others
    within = next(filter(None, map(attached_source.within, filter(None, (folders.source, others)))), None)
    if within or not attached_source.is_kernel:
        return within
    kernel = model.kernels_by_id(project.root).get(SourceRef.parse(attached_source.ref).name)
    return last_output(kernel) if kernel and kernel.kernel != project.kernel else None


def last_output(kernel: Project) -> Path | None:
    """Return the working folder of the last Complete run of a kernel's rehearsal, None where there is none."""
    try:
        runs = rehearsal_report.read(kernel).runs
    except (OSError, ValueError):
        return None
    complete = [f"{run.phase}-{run.mounts}" for run in runs if run.verdict == "Complete"]
    named = [name for name in complete if name in _RUNS]  # a report that was edited may name any folder
    folder = kernel.rehearsal / named[-1] / "working" if named else None
    if folder is None or not folder.is_dir():
        return None
    if outside := [path for path in folder.rglob("*") if not path.resolve().is_relative_to(folder.resolve())]:
        raise InvalidInput(f"{outside[0]}: a link that leads out of what the run left; remove it")
    return folder


def truth(project: Project, source: Path) -> Path | None:
    """Return the truth of an input folder, None where there is none."""
    folders = [competition.within(source) for competition in attached.competitions(project.metadata)]
    return next((folder / TRUTH for folder in folders if folder and (folder / TRUTH).is_file()), None)


def put_dataset(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Stage a dataset as it was just made, whatever the input folder has under its name; Kaggle keeps the metadata."""
    file_copies.remove_tree(folder)
    folder.mkdir(parents=True)
    for name in contents.keys() - {DATASET_FILE}:
        (folder / name).write_bytes(contents[name])


def make_public(folder: Path, public: Mapping[str, Fingerprint]) -> None:
    """Make the staged ``folder`` look like the public data: rows like the last, under new ids, in each counted file.

    Raises `InvalidInput` for a fingerprint that padding cannot meet.
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
    model_row = next(row for row in reversed(records) if len(row) == len(records[0]) or row is records[-1])
    taken, width = {row[0] for row in records}, len(model_row[0])
    # Digits alone, as wide as the other keys: they pass for numbers and for hexadecimal.
    free = (key for number in itertools.count() if (key := f"{number:0{width}}") not in taken)
    fresh = itertools.islice(free, rows + 1 - len(records))
    content, added = file.read_bytes(), io.StringIO(newline="")
    end = "\r\n" if b"\r\n" in content else "\n"
    csv.writer(added, lineterminator=end).writerows([key, *model_row[1:]] for key in fresh)
    between = b"" if content.endswith((b"\n", b"\r")) else end.encode("ascii")
    coding = tables.coding(content).removesuffix("-sig")  # whose mark is at the begin alone
    beside = file.with_name(f"{file.name}.padded")  # not into the file itself, which may be a link to the original
    beside.unlink(missing_ok=True)  # a file of that name may be a link to the user's own
    beside.write_bytes(content + between + added.getvalue().encode(coding))
    os.replace(beside, file)  # noqa: PTH105 - one call, one step
