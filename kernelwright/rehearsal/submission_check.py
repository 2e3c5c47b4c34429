"""Check the submission that a run left, and compare it with the sample."""

import stat
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from kernelwright.errors import EnvironmentUnavailable
from kernelwright.project.model import Project
from kernelwright.rehearsal import attached, tables
from kernelwright.rehearsal.run_directory import RunSpec
from kernelwright.runtime import submission_rules
from kernelwright.runtime.submission_rules import Sample
from kernelwright.support import hashing

STALE = "the submission is still the sample: it must be computed where it is scored"


@dataclass(frozen=True, kw_only=True)
class Submission:
    """What was found about the files of a submission in the working folder."""

    missing: tuple[str, ...] = ()
    """What is wrong with each missing file."""
    problems: tuple[str, ...] = ()
    """Why the existing files would not be scored."""
    rows: int = 0
    """Number of rows of the first file; 0 if it is not a table."""
    sha256: str = ""
    """Digest of the first file; empty if it is not a table, since a zip, for example, contains the time it was made."""
    ids_sha256: str = ""
    """Digest of its sorted ids."""
    sample_sha256: str = ""
    """Digest of the sample; empty if there is none."""
    is_sample: bool = False
    """Whether the first file equals the sample byte for byte."""

    @property
    def facts(self) -> dict[str, Any]:
        """The fields that the report contains."""
        return {name: value for name, value in asdict(self).items() if name != "missing"}


def check(project: Project, spec: RunSpec) -> Submission:
    """Check the submission in the working folder; a kernel of kind ``output`` has none."""
    if project.kind == "output":
        return Submission()
    files = [spec.directory.working / name for name in project.configuration.submission]
    missing = tuple(trouble for file in files if (trouble := absence(file, spec.directory.working)))
    if missing:
        return Submission(missing=missing)
    python = spec.python
    if any(file.suffix == ".parquet" for file in files):  # the kernel's own Python may lack pyarrow
        with suppress(EnvironmentUnavailable):
            python = tables.parquet_python(project)
    places = [spec.directory.input / competition.place for competition in attached.competitions(project.metadata)]
    samples = [place / project.configuration.sample for place in places]
    sample = next((file for file in samples if file.is_file()), None)
    first = _compare(files[0], sample, python, is_scored=spec.phase == project.phases[0])
    # The sample is that of the first file, so the others only have to be readable.
    others = [problem for file in files[1:] for problem in _read(file, python)[1]]
    return replace(first, problems=(*first.problems, *others))


def absence(file: Path, working: Path) -> str:
    """Say why a file cannot be scored; empty for a regular, non-empty file inside the folder.

    Reading a named pipe would block forever, and a link may lead out of the folder, to the truth.
    """
    if not file.exists() or not file.resolve().is_relative_to(working.resolve()):
        return f"{file.name} was not written"
    if not stat.S_ISREG(file.stat().st_mode):
        return f"{file.name} is no file: a folder, a named pipe or a device"
    return "" if file.stat().st_size else f"{file.name} is empty"


def _compare(file: Path, sample: Path | None, python: Path, *, is_scored: bool) -> Submission:
    rows, problems = _read(file, python)
    if not rows:
        return Submission(problems=tuple(problems))
    expected, unreadable = _read(sample, python) if sample else ([], [])
    wanted = Sample(header=expected[0], rows=expected[1:]) if expected else None
    digest, sample_digest = hashing.file_sha256(file), hashing.file_sha256(sample) if sample else ""
    if wanted:
        problems = submission_rules.problems(rows[0], rows[1:], wanted)
    elif ragged := sum(len(row) != len(rows[0]) for row in rows):
        # Without a sample it is not known whether ids may repeat, so only the number of values per row is checked.
        problems = [f"{ragged} {'row' if ragged == 1 else 'rows'} with other than {len(rows[0])} values"]
    key = submission_rules.id_column(rows[0], wanted.rows if wanted else [])
    ids = sorted(row[key] for row in rows[1:] if key is not None and key < len(row))
    return Submission(
        problems=tuple([STALE] * (digest == sample_digest and is_scored) + unreadable + problems),
        rows=len(rows) - 1,
        sha256=digest,
        ids_sha256=hashing.sha256("\n".join(ids)),
        sample_sha256=sample_digest,
        is_sample=digest == sample_digest,
    )


def _read(file: Path, python: Path) -> tuple[list[list[str]], list[str]]:
    """Return the rows of a table, or none for other files, and the problem if it cannot be read."""
    if file.suffix not in tables.SUFFIXES:
        return [], []
    try:
        return tables.read(file, python), []
    except tables.Unreadable as error:
        return [], [str(error)]
