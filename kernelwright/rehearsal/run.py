"""One run of the notebook, as Kaggle makes it: launched, watched, ended."""

import json
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from kernelwright.rehearsal import resource_limits, sandbox
from kernelwright.rehearsal.progress import LogReader, Show
from kernelwright.rehearsal.resource_limits import Limits, Usage
from kernelwright.rehearsal.run_directory import NOTEBOOK, RunDirectory, RunSpec, SandboxName
from kernelwright.rehearsal.sandbox import SandboxCommand


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a run ended, before it is judged."""

    seconds: float
    exception: Mapping[str, str] | None
    usage: Usage
    notebook: Mapping[str, Any]
    hosts: tuple[str, ...]
    log: str


def run(
    notebook: bytes, spec: RunSpec, sandbox_name: SandboxName, limits: Limits, show: Show = lambda _: None
) -> Outcome:
    """Execute the notebook's bytes in folders whose input is staged."""
    directory = spec.directory
    directory.make()
    (directory.working / NOTEBOOK).write_bytes(notebook)
    command = sandbox.command(spec, sandbox_name)
    reader = LogReader(directory.log, len(json.loads(notebook)["cells"]))
    started = time.monotonic()
    with directory.log.open("wb") as log, _launch(command, log) as process:
        try:
            usage = resource_limits.watch(
                process, directory.working, limits, lambda seconds, memory: show(reader.progress(seconds, memory))
            )
        finally:
            resource_limits.end(process)
            resource_limits.end_recording(directory.record)
    return _outcome(directory, time.monotonic() - started, usage, notebook)


def _launch(command: SandboxCommand, log: BinaryIO) -> subprocess.Popen[bytes]:
    """Launch a run that a Ctrl-C does not reach, and that ends when the pipe to it closes with this process."""
    return subprocess.Popen(
        command.arguments,
        cwd=command.folder,
        env=dict(command.environment),
        stdin=subprocess.PIPE,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )


def _outcome(directory: RunDirectory, seconds: float, usage: Usage, notebook: bytes) -> Outcome:
    log = directory.log.read_text("utf-8", "replace")
    vanished = {"name": "NoResult", "text": f"papermill did not end by itself\n{log[-2000:]}"}
    ended = read_json(directory.notes / "ended.json", {"exception": vanished})
    hosts = _text(directory.notes / "network.log").splitlines()
    executed = read_json(directory.working / NOTEBOOK, None)  # half of one, where the end came while it was saved
    return Outcome(
        seconds=seconds,
        exception=ended["exception"],
        usage=usage,
        notebook=executed if isinstance(executed, dict) and "cells" in executed else json.loads(notebook),
        hosts=tuple(dict.fromkeys(hosts)),
        log=log,
    )


def read_json(file: Path, otherwise: Any) -> Any:
    """Read what a kernel could write; it may have been killed in the middle, or have put something else there."""
    try:
        return json.loads(_text(file))
    except (ValueError, RecursionError):
        return otherwise


def _text(file: Path) -> str:
    """Return a regular file's text: reading a named pipe would wait for ever."""
    return file.read_text("utf-8", "replace") if file.is_file() and not file.is_symlink() else ""
