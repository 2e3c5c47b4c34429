"""What a run on Kaggle brought: its output here, its submission looked at."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from kernelwright.errors import ClientFailed
from kernelwright.project.model import Project
from kernelwright.rehearsal import tables
from kernelwright.ship import kernels
from kernelwright.ship.client import Client

_MISSING = "missing from the output"


def fetch(project: Project, client: Client, target: Path, tell: Callable[[str], None]) -> None:
    """Download the latest run's output and look at the submission in it.

    Raises
    ------
    ClientFailed
        The output did not arrive, or holds no submission that could be scored.
    """
    names = kernels.output(client, project.metadata.id, target)
    tell(f"{target}: {', '.join(names) or 'nothing'}")
    submitted = target / project.configuration.submission[0]
    if project.metadata.competition_sources:
        if found := list(problems(project, submitted)) if submitted.name in names else [_MISSING]:
            raise ClientFailed(f"{submitted.name}: {'; '.join(found)}")
        tell(f"{submitted.name}: {len(tables.read(submitted)) - 1} rows, valid")


def problems(project: Project, submitted: Path) -> Iterator[str]:
    """Find what would keep a submission from being scored; its ids are Kaggle's, and not held against any here."""
    if not submitted.is_file():
        yield _MISSING
        return
    try:
        header, *rows = tables.read(submitted)
    except tables.Unreadable as error:
        yield str(error)
        return
    try:
        expected = _header(project)
    except tables.Unreadable as error:
        yield f"cannot be held against {project.configuration.sample} of the input folder: {error}"
        return
    if expected and header != expected:
        yield f"the header is {','.join(header) or 'empty'}; the sample's is {','.join(expected)}"
    if not rows:
        yield "no rows"
    if ragged := [row for row in rows if len(row) != len(header)]:
        yield f"{len(ragged)} rows with other than {len(header)} values"
    repeated = [key for key, count in Counter(row[0] for row in rows if row).items() if count > 1]
    if repeated:
        yield f"{len(repeated)} ids repeated, such as {repeated[0]}"


def _header(project: Project) -> list[str]:
    """Return the header of the sample in the input folder, if it is here."""
    for slug in project.metadata.competition_sources:
        sample = project.build / "mini" / slug / project.configuration.sample
        if sample.is_file():
            return tables.read(sample)[0]
    return []
