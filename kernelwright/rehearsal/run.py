"""One run of the notebook in a process of its own: offline, in a fresh working folder, with Kaggle's variables."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

PhaseName = Literal["rerun", "commit"]
GUARD = Path(__file__).with_name("guard")
EXECUTE = Path(__file__).with_name("execute.py")
NOTEBOOK = "__notebook__.ipynb"
_NOWHERE = "http://127.0.0.1:9"
"""A proxy nobody listens at: what the guard cannot stop in a child that is not Python."""


@dataclass(frozen=True, kw_only=True)
class Desk:
    """The folders of one run, all below one that is its own."""

    folder: Path

    @property
    def input(self) -> Path:
        """One folder an attached source."""
        return self.folder / "input"

    @property
    def working(self) -> Path:
        """The kernel's current folder; what it outputs stays here."""
        return self.folder / "working"

    @property
    def record(self) -> Path:
        """What the runtime notes: stages, submissions, the guard's choice."""
        return self.folder / "record"

    @property
    def scratch(self) -> Path:
        """HOME and TMPDIR."""
        return self.folder / "scratch"

    @property
    def network_log(self) -> Path:
        """The hosts that were asked for."""
        return self.folder / "network.log"

    def make(self) -> None:
        """Make the folders, all but the input."""
        for path in (self.working, self.record, self.scratch):
            path.mkdir(parents=True)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a run ended, before it is judged."""

    seconds: float
    exception: Mapping[str, str] | None
    peak_rss_bytes: int
    notebook: Mapping[str, Any]
    hosts: tuple[str, ...]


def run(notebook: bytes, desk: Desk, phase: PhaseName) -> Outcome:
    """Execute the notebook's bytes at ``desk``, whose input is staged already."""
    desk.make()
    file = desk.working / NOTEBOOK
    file.write_bytes(notebook)
    note = desk.folder / "ended.json"
    command = [sys.executable, str(EXECUTE), str(file), str(note)]
    with (desk.folder / "log.txt").open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=desk.working,
            env=environment(desk, phase),
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
        )
        _, _, usage = os.wait4(process.pid, 0)
    ended = json.loads(note.read_text("utf-8")) if note.exists() else _vanished(desk)
    return Outcome(
        seconds=ended["seconds"],
        exception=ended["exception"],
        peak_rss_bytes=usage.ru_maxrss * 1024,
        notebook=json.loads(file.read_text("utf-8")),
        hosts=_hosts(desk),
    )


def _vanished(desk: Desk) -> dict[str, Any]:
    text = (desk.folder / "log.txt").read_text("utf-8", "replace")[-2000:]
    return {
        "seconds": 0.0,
        "exception": {"name": "NoResult", "text": f"papermill did not end by itself:\n{text}"},
    }


def _hosts(desk: Desk) -> tuple[str, ...]:
    if not desk.network_log.exists():
        return ()
    return tuple(dict.fromkeys(desk.network_log.read_text("utf-8").splitlines()))


def environment(desk: Desk, phase: PhaseName) -> dict[str, str]:
    """Return the variables of a run: a few of ours, Kaggle's, and nothing else of the host."""
    told = {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), "/usr/local/bin", "/usr/bin", "/bin"]),
        "HOME": str(desk.scratch),
        "TMPDIR": str(desk.scratch),
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(GUARD),
        "PIP_CONFIG_FILE": os.devnull,
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "KAGGLE_KERNEL_RUN_TYPE": "Batch",
        "KERNELWRIGHT_INPUT": str(desk.input),
        "KERNELWRIGHT_RECORD": str(desk.record),
        "KERNELWRIGHT_NETWORK_LOG": str(desk.network_log),
        "no_proxy": "localhost,127.0.0.1",
    }
    told |= dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), _NOWHERE)
    return told | ({"KAGGLE_IS_COMPETITION_RERUN": "1"} if phase == "rerun" else {})
