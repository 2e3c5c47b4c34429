"""The gateway of a competition that hands its hidden data to the notebook's server, call by call.

Such a competition brings a package ``kaggle_evaluation`` with its data, and in it the gateway's program. In the rerun
the notebook's server waits; the program runs beside it, sees the hidden data, calls the server, and writes the
submission. Its end is the end of the run. It is the competition's code, and runs in a sandbox of its own.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from kernelwright.bundle import imports
from kernelwright.image import import_names
from kernelwright.image.kaggle_image import Image
from kernelwright.project.model import Project
from kernelwright.rehearsal import attached, file_copies
from kernelwright.rehearsal.attached import Source
from kernelwright.rehearsal.run_directory import EVALUATION, Layout, RunDirectory, RunSpec
from kernelwright.support import ipython_syntax, json_text

RESULT = "result.json"
SUBMISSIONS = ("submission.parquet", "submission.csv")
"""What gateways write, whatever the configuration calls it."""
_SHOWN = 4000
_ERRORS = {"DEADLINE_EXCEEDED": "GRPC_DEADLINE_EXCEEDED", "UNKNOWN": "SERVER_RAISED_EXCEPTION"}
"""The status of gRPC for a call -> Kaggle's name for the error."""


@dataclass(frozen=True, kw_only=True)
class Gateway:
    """A competition's gateway."""

    source: Source
    """The competition."""
    folder: Path
    """Its public data, which the notebook sees."""
    hidden: Path | None
    """What the gateway sees in its place; None where the public data is all there is."""
    program: str
    """The gateway's file, below either."""

    def spec(self, run: RunSpec) -> RunSpec:
        """Return the run of the gateway beside the notebook's run.

        Its data is mounted in both layouts: gateways name the old places, whatever a notebook's container has.
        """
        directory = RunDirectory.below(run.directory.folder / "gateway")
        staged = directory.input / self.source.place
        layouts: tuple[Layout, ...] = ("new", "old")
        mounts = tuple((staged, self.source.mount_point(layout)) for layout in layouts)
        return replace(run, directory=directory, mounts=mounts, program=staged / self.program)

    def stage(self, spec: RunSpec, *, read_only: bool) -> None:
        """Lay out the competition's data as the gateway sees it.

        What the hidden folder holds, files and folders, stands whole in the place of the public of that name.
        """
        copy = file_copies.hard_link if read_only else file_copies.private_copy
        target = spec.directory.input / self.source.place
        hidden, folder = self.hidden, self.folder
        if hidden:
            file_copies.copy_tree(hidden, target, copy, self.source.is_shown)
        file_copies.copy_tree(
            folder,
            target,
            copy,
            lambda file: (
                self.source.is_shown(file) and not (hidden and (hidden / file.relative_to(folder).parts[0]).exists())
            ),
        )

    def distributions(self, image: Image) -> tuple[str, ...]:
        """Return what of the image the competition's package imports: the notebook's own code does not name it."""
        folders = filter(None, (self.folder, self.hidden))
        files = (file for folder in folders for file in (folder / EVALUATION).rglob("*.py") if file.is_file())
        trees = (ipython_syntax.syntax_tree(file.read_text("utf-8", "replace")) for file in files)
        names = {name for tree in trees for name in imports.names(tree)}
        return tuple(sorted(filter(None, {import_names.provided(name, image) for name in names})))


def find(project: Project, source: Path) -> Gateway | None:
    """Return the gateway in the input folder ``source``, None for a competition without one.

    The hidden data is what ``source`` holds where a folder ``<source>-public`` holds the public, else
    ``<slug>-hidden`` in it.
    """
    if project.kind != "rerun":
        return None
    for competition in attached.competitions(project.metadata):
        folder = competition.within(source)
        if folder is None:
            continue
        public = competition.within(source.with_name(f"{source.name}-public"))
        hidden = folder if public else folder.with_name(f"{folder.name}-hidden")
        programs = _programs(folder) or (_programs(public) if public else [])
        if programs:
            return Gateway(
                source=competition,
                folder=public or folder,
                hidden=hidden if hidden.is_dir() else None,
                program=programs[0],
            )
    return None


def _programs(folder: Path) -> list[str]:
    """Return the gateways in a competition's data; what stands in ``core`` is common to all competitions."""
    files = [file.relative_to(folder) for file in sorted(folder.glob(f"{EVALUATION}/**/*_gateway.py"))]
    return [file.as_posix() for file in files if "core" not in file.parts]


@dataclass(frozen=True, kw_only=True)
class Result:
    """What came of a gateway's run."""

    succeeded: bool
    """By its own word, or, where it left none, by its exit status."""
    error: str = ""
    details: str = ""
    """Kaggle's name for what went wrong, by the last call's status where the gateway gives none, and its words."""
    calls: Sequence[float] = ()
    """Seconds of each call that the server answered."""
    ended: bool = True
    """It ended by itself; else it was ended, as the notebook's server was gone."""
    server_log: str = ""
    """What gRPC logged in the notebook: the traceback of what a function raised."""
    log: str = field(default="", compare=False)
    """The end of the gateway's own log."""


def result(noted: Any, calls: str, log: str, status: int) -> Result:
    """Return what came of a run, from what it noted, its calls, its log, and its exit status, negative if killed."""
    seconds, last = list[float](), ""
    with suppress(ValueError, TypeError, KeyError):  # cut off, or not written by us
        for line in calls.splitlines():
            entry = json_text.parse(line)
            duration, last = float(entry["seconds"]), str(entry["code"])
            seconds.append(duration)
    named = _ERRORS.get(last, "")
    if isinstance(noted, dict) and isinstance(noted.get("Succeeded"), bool):
        succeeded, details = noted["Succeeded"], str(noted.get("ErrorDetails") or "")
        error = "" if succeeded else str(noted.get("ErrorName") or named)
        return Result(succeeded=succeeded, error=error, details=details, calls=seconds, log=log[-_SHOWN:])
    log = log.strip()[-_SHOWN:]
    error, details = named if status > 0 else "", "" if status == 0 else log
    return Result(succeeded=status == 0, error=error, details=details, calls=seconds, ended=status >= 0, log=log)


def as_written(project: Project, working: Path) -> Project:
    """Return the project with the submission's name that the gateway gave it, where that is another."""
    names = (*project.configuration.submission, *SUBMISSIONS)
    name = next((name for name in names if (working / name).is_file()), names[0])
    return replace(project, configuration=replace(project.configuration, submission=(name,)))
