"""The gateway of a competition that sends its hidden data to the notebook's inference server, call by call.

The data of such a competition contains a package ``kaggle_evaluation`` with the gateway's program. In the rerun, the
notebook's server waits while the program runs beside it: it reads the hidden data, calls the server, and writes the
submission. The run ends when the program ends. As it is the competition's code, it runs in a sandbox of its own.
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
"""File names that gateways give the submission, whatever the configuration says."""
_SHOWN = 4000
"""Characters of a log that are shown."""
_ERRORS = {"DEADLINE_EXCEEDED": "GRPC_DEADLINE_EXCEEDED", "UNKNOWN": "SERVER_RAISED_EXCEPTION"}
"""gRPC's status of a call -> Kaggle's name for the error."""


@dataclass(frozen=True, kw_only=True)
class Gateway:
    """The gateway of a competition, and the data that it sends."""

    source: Source
    """The competition."""
    folder: Path
    """The competition's public data, which the notebook sees."""
    hidden: Path | None
    """The hidden data, which the gateway sees instead; None if there is only public data."""
    program: str
    """Path of the gateway's program in the competition folder."""

    def spec(self, run: RunSpec) -> RunSpec:
        """Return the specification of the gateway's run beside the notebook's ``run``.

        The data is mounted in both layouts, because gateways use the paths of the old one, whatever the notebook sees.
        """
        directory = RunDirectory.below(run.directory.folder / "gateway")
        staged = directory.input / self.source.place
        layouts: tuple[Layout, ...] = ("new", "old")
        mounts = tuple((staged, self.source.mount_point(layout)) for layout in layouts)
        return replace(run, directory=directory, mounts=mounts, program=staged / self.program)

    def stage(self, spec: RunSpec, *, read_only: bool) -> None:
        """Stage the competition's data as the gateway sees it.

        Each file or folder at the top of the hidden folder replaces the public one of the same name as a whole.
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
        """Return the image's distributions that ``kaggle_evaluation`` imports; the notebook does not name them."""
        folders = filter(None, (self.folder, self.hidden))
        files = (file for folder in folders for file in (folder / EVALUATION).rglob("*.py") if file.is_file())
        trees = (ipython_syntax.syntax_tree(file.read_text("utf-8", "replace")) for file in files)
        names = {name for tree in trees for name in imports.names(tree)}
        return tuple(sorted(filter(None, {import_names.provided(name, image) for name in names})))


def find(project: Project, source: Path) -> Gateway | None:
    """Return the gateway in the input folder ``source``; None if the competition has none.

    If there is a folder ``<source>-public`` with public data, the data in ``source`` is the hidden data. Otherwise the
    hidden data is ``<slug>-hidden`` in ``source``.
    """
    if project.kind != "rerun":
        return None
    for competition in attached.competitions(project.metadata):
        folder = competition.within(source)
        if folder is None:
            continue
        public = competition.within(source.with_name(f"{source.name}-public"))
        hidden = folder if public else folder.with_name(f"{folder.name}-hidden")
        # The package may be in either folder.
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
    """Return the gateway programs in a competition's data, without those in ``core``, common to all competitions."""
    files = [file.relative_to(folder) for file in sorted(folder.glob(f"{EVALUATION}/**/*_gateway.py"))]
    return [file.as_posix() for file in files if "core" not in file.parts]


@dataclass(frozen=True, kw_only=True)
class Result:
    """The result of a gateway's run."""

    succeeded: bool
    """As its ``result.json`` says, otherwise by its exit status."""
    error: str = ""
    """Kaggle's name for the error; if the gateway gives none, it is derived from the status of the last call."""
    details: str = ""
    """The gateway's description of the error, otherwise the end of its log."""
    calls: Sequence[float] = ()
    """Seconds of each call that the server answered."""
    ended: bool = True
    """Whether it ended by itself; otherwise it was killed, because the notebook's server was gone."""
    server_log: str = ""
    """What gRPC logged in the notebook: the traceback of what a called function raised."""
    log: str = field(default="", compare=False)
    """The end of the gateway's own log."""


def result(noted: Any, calls: str, log: str, status: int) -> Result:
    """Return the result of a run from its parsed ``result.json``, the text of its `CALLS`, its log and its exit status.

    A negative status means that it was killed.
    """
    seconds, last = list[float](), ""
    with suppress(ValueError, TypeError, KeyError):  # the file may be cut off, or not written by us
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
    # If the gateway was killed, the status of its last call says nothing about the reason.
    error, details = named if status > 0 else "", "" if status == 0 else log
    return Result(succeeded=status == 0, error=error, details=details, calls=seconds, ended=status >= 0, log=log)


def as_written(project: Project, working: Path) -> Project:
    """Return the project with the submission's name as the gateway chose it."""
    names = (*project.configuration.submission, *SUBMISSIONS)
    name = next((name for name in names if (working / name).is_file()), names[0])
    return replace(project, configuration=replace(project.configuration, submission=(name,)))
