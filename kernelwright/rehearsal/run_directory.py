"""The folders of one run, and its specification: phase, layout, mounts, Python."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

PhaseName = Literal["rerun", "commit"]
Layout = Literal["old", "new"]
SandboxName = Literal["bubblewrap", "namespaces", "process"]
NOTEBOOK = "__notebook__.ipynb"
"""Kaggle's name for the notebook in the working folder; the executed notebook replaces it."""
EVALUATION = "kaggle_evaluation"
"""The package in a competition's data through which gateway and inference server communicate."""
CALLS = "calls.jsonl"
"""Records of a gateway's calls, in its notes folder."""
SERVER_LOG = "server.log"
"""What gRPC logs in a notebook that a gateway calls, such as tracebacks; in the run's notes folder."""


@dataclass(frozen=True, kw_only=True)
class RunDirectory:
    """The folders of one run, all below ``folder``."""

    folder: Path
    input: Path
    """One folder per attached source, at its `attached.Source.place`."""
    scripts: Path
    """One folder per utility script, as under ``/kaggle/usr/lib``."""
    working: Path
    """The kernel's current folder, which holds its output after the run."""
    record: Path
    """The record folder: stages, submissions, the guard's decision."""
    scratch: Path
    """Contains a folder each for HOME, ``/tmp`` and ``/kaggle/tmp``."""
    notes: Path
    """Files for the launcher: how papermill ended, the executed notebook, the hosts that were requested."""
    log: Path
    """Everything that papermill printed."""

    @classmethod
    def below(cls, folder: Path) -> "RunDirectory":
        """Return the folders of a run in ``folder``, without creating any."""
        names = ("input", "scripts", "working", "record", "scratch", "notes")
        return cls(folder=folder, log=folder / "log.txt", **{name: folder / name for name in names})

    def make(self) -> None:
        """Create all folders but the input."""
        for path in (self.working, self.record, self.scratch, self.notes, self.scripts):
            path.mkdir(parents=True, exist_ok=True)
        for name in ("home", "tmp", "kaggle_tmp"):
            (self.scratch / name).mkdir(exist_ok=True)
            (self.scratch / name).chmod(0o1777)  # like /tmp, since the run may start programs as another user


@dataclass(frozen=True, kw_only=True)
class RunSpec:
    """The specification of one run, of a notebook or of a gateway."""

    directory: RunDirectory
    """Its folders; the input is staged."""
    phase: PhaseName
    """The phase that is rehearsed."""
    layout: Layout
    """The layout in which the inputs are mounted."""
    mounts: tuple[tuple[Path, str], ...] = ()
    """Pairs of a staged folder and its place on Kaggle."""
    python: Path = Path(sys.executable)
    """The interpreter that runs the notebook."""
    writable: Path | None = None
    """The folder of an environment that the notebook may install into; None if it may not."""
    readable: tuple[Path, ...] = ()
    """Further folders that the interpreter needs."""
    program: Path | None = None
    """The staged program of a competition's gateway, which is run instead of the notebook; None for a notebook."""
    gateway: "RunSpec | None" = None
    """The run of the gateway beside this one; None if there is none."""
    network: int | None = None
    """Id of a process whose network, only a loopback, notebook and gateway share; None for a network of its own."""
    shared: Path | None = None
    """A folder that both see as ``/kaggle/shared``, for files of the gateway that are too large for a call."""
