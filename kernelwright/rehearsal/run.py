"""One run of the notebook, as Kaggle makes it: launched, watched, ended."""

import json
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from kernelwright.rehearsal import resource_limits, sandbox
from kernelwright.rehearsal.resource_limits import Limits, Watched
from kernelwright.rehearsal.run_directory import NOTEBOOK, Desk
from kernelwright.rehearsal.sandbox import Launch, SandboxName, Setting


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a run ended, before it is judged."""

    seconds: float
    exception: Mapping[str, str] | None
    watched: Watched
    notebook: Mapping[str, Any]
    hosts: tuple[str, ...]
    log: str


def run(notebook: bytes, setting: Setting, sandbox_name: SandboxName, limits: Limits) -> Outcome:
    """Execute the notebook's bytes at a desk whose input is staged."""
    desk = setting.desk
    desk.make()
    (desk.working / NOTEBOOK).write_bytes(notebook)
    launch = sandbox.prepare(setting, sandbox_name)
    started = time.monotonic()
    with desk.log.open("wb") as log, _launched(launch, log) as process:
        try:
            watched = resource_limits.watch(process, desk.working, limits)
        finally:
            resource_limits.end(process)
            resource_limits.end_recording(desk.record)
    return _outcome(desk, time.monotonic() - started, watched, notebook)


def _launched(launch: Launch, log: BinaryIO) -> subprocess.Popen[bytes]:
    """Launch a run that a Ctrl-C does not reach, and that ends when the pipe to it closes with this process."""
    return subprocess.Popen(
        launch.command,
        cwd=launch.folder,
        env=dict(launch.environment),
        stdin=subprocess.PIPE,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )


def _outcome(desk: Desk, seconds: float, watched: Watched, built: bytes) -> Outcome:
    log = desk.log.read_text("utf-8", "replace")
    note, asked = desk.notes / "ended.json", desk.notes / "network.log"
    vanished = {"name": "NoResult", "text": f"papermill did not end by itself\n{log[-2000:]}"}
    hosts = asked.read_text("utf-8").splitlines() if asked.exists() else []
    return Outcome(
        seconds=seconds,
        exception=json.loads(note.read_text("utf-8"))["exception"] if note.exists() else vanished,
        watched=watched,
        notebook=_executed(desk, built),
        hosts=tuple(dict.fromkeys(hosts)),
        log=log,
    )


def _executed(desk: Desk, built: bytes) -> Mapping[str, Any]:
    """Read the notebook papermill saved; the built one, where the end came in the middle of a save."""
    try:
        notebook: Mapping[str, Any] = json.loads((desk.working / NOTEBOOK).read_text("utf-8"))
    except (OSError, ValueError):
        notebook = json.loads(built)
    return notebook
