"""Download the output of a run on Kaggle and check its submission."""

from collections.abc import Callable, Sequence
from pathlib import Path

from kernelwright.errors import ClientFailed
from kernelwright.project.model import Project
from kernelwright.rehearsal import tables
from kernelwright.runtime import submission_rules
from kernelwright.runtime.submission_rules import Sample
from kernelwright.ship.kernels import RemoteKernel

_MISSING = "missing from the output"


def fetch(project: Project, kernel: RemoteKernel, target: Path, tell: Callable[[str], None]) -> None:
    """Download the latest run's output to ``target`` and check its submission, unless the kind is ``output``.

    Raises `ClientFailed` if the output did not arrive or a submission is missing or could not be scored.
    """
    names = kernel.download_output(target)
    tell(f"{target}: {', '.join(names) or 'nothing'}")
    if project.kind == "output":
        return
    problems = []
    for name in project.configuration.submission:
        refused = submission_problems(project, target / name) if name in names else [_MISSING]
        problems += [f"{name}: {'; '.join(refused)}"] if refused else []
    if problems:
        raise ClientFailed("\n".join(problems))
    for name in project.configuration.submission:
        rows = f"{len(tables.read(target / name)) - 1} rows, valid" if name.endswith(tables.SUFFIXES) else "there"
        tell(f"{name}: {rows}")


def submission_problems(project: Project, file: Path) -> Sequence[str]:
    """Return what would keep a submission from being scored. A file that is not a table only has to exist.

    The ids are not compared with those of the local sample, because they come from Kaggle's data.
    """
    if not file.is_file():
        return [_MISSING]
    if not file.name.endswith(tables.SUFFIXES):
        return []
    try:
        header, *rows = tables.read(file)
    except tables.Unreadable as error:
        return [str(error)]
    folders = (project.default_input / slug for slug in project.metadata.competition_sources)
    samples = (folder / project.configuration.sample for folder in folders)
    sample = next(filter(Path.is_file, samples), None)
    try:
        expected = tables.read(sample)[0] if sample else []
    except tables.Unreadable as error:
        return [f"cannot be compared with {project.configuration.sample} of the input folder: {error}"]
    return submission_rules.problems(header, rows, Sample(header=expected) if expected else None)
