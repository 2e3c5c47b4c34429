"""The folders of one run, and what the run is: which phase, which mounts, which Python."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

PhaseName = Literal["rerun", "commit"]
Layout = Literal["old", "new"]
SandboxName = Literal["bubblewrap", "namespaces", "process"]
NOTEBOOK = "__notebook__.ipynb"
"""Kaggle's own name for the notebook it runs, input and output in one, in the working folder."""
EVALUATION = "kaggle_evaluation"
"""The package in a competition's data through which its gateway and the notebook's server talk."""
CALLS = "calls.jsonl"
"""What the run of a gateway notes of each of its calls."""
SERVER_LOG = "server.log"
"""What gRPC logs in a notebook that a gateway calls: tracebacks."""


@dataclass(frozen=True, kw_only=True)
class RunDirectory:
    """The folders of one run, all below one that is its own."""

    folder: Path
    input: Path
    """One folder per attached source, at its `attached.Source.place`."""
    scripts: Path
    """One folder per utility script, as under ``/kaggle/usr/lib``."""
    working: Path
    """The kernel's current folder; what it outputs stays here."""
    record: Path
    """What the runtime notes: stages, submissions, the guard's choice."""
    scratch: Path
    """What a run takes for HOME, ``/tmp`` and ``/kaggle/tmp``: a folder each."""
    notes: Path
    """What the run leaves for the launcher: how papermill ended, the executed notebook, which hosts were asked for."""
    log: Path
    """Everything papermill printed."""

    @classmethod
    def below(cls, folder: Path) -> "RunDirectory":
        """Return the folders of a run in ``folder``; none is made."""
        names = ("input", "scripts", "working", "record", "scratch", "notes")
        return cls(folder=folder, log=folder / "log.txt", **{name: folder / name for name in names})

    def make(self) -> None:
        """Make the folders, all but the input."""
        for path in (self.working, self.record, self.scratch, self.notes, self.scripts):
            path.mkdir(parents=True, exist_ok=True)
        for name in ("home", "tmp", "kaggle_tmp"):
            (self.scratch / name).mkdir(exist_ok=True)
            (self.scratch / name).chmod(0o1777)  # as /tmp has it: what the run starts as another user writes there too


@dataclass(frozen=True, kw_only=True)
class RunSpec:
    """What is run."""

    directory: RunDirectory
    """Its folders, the input staged."""
    phase: PhaseName
    """Which of Kaggle's two runs it plays."""
    layout: Layout
    """Which of Kaggle's two layouts the inputs are mounted in."""
    mounts: tuple[tuple[Path, str], ...] = ()
    """Staged folder -> its place on Kaggle."""
    python: Path = Path(sys.executable)
    """The interpreter it runs on."""
    writable: Path | None = None
    """An environment's folder that the notebook may install into, if it is not to be read-only."""
    readable: tuple[Path, ...] = ()
    """Further folders that the Python needs."""
    program: Path | None = None
    """What is run instead of the notebook: the staged file of a competition's gateway."""
    gateway: "RunSpec | None" = None
    """The run of that gateway beside this one."""
    network: int | None = None
    """A process whose network, the loopback alone, the two share."""
    shared: Path | None = None
    """A folder that both see as ``/kaggle/shared``: a gateway puts files there that are too large for a call."""
