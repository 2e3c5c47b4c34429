"""One run of the notebook: launch it, watch it, end it, and collect what it left."""

import contextlib
import json
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

from kernelwright.rehearsal import enforced_limits, gateway, resource_limits, sandbox, shared_network
from kernelwright.rehearsal.gateway import Result
from kernelwright.rehearsal.progress import LogReader, Show
from kernelwright.rehearsal.resource_limits import Limits, Usage
from kernelwright.rehearsal.run_directory import CALLS, NOTEBOOK, SERVER_LOG, RunDirectory, RunSpec, SandboxName
from kernelwright.rehearsal.sandbox import SandboxCommand
from kernelwright.support import json_text

FULL = "No space left on device"
"""The text of ENOSPC, as it appears in a cell's exception."""
_LAST_WORDS_S, _LAST_OUTPUT_S = 10, 1
"""Seconds that a gateway has after the notebook's end, and the notebook after the gateway's end, to report an error."""
LONGEST_TEXT = 4 << 20
"""Bytes that are read from the end of a log; of other files that a run left, 16 times as many."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a run ended, before the verdict."""

    seconds: float
    exception: Mapping[str, str] | None
    usage: Usage
    notebook: Mapping[str, Any]
    hosts: tuple[str, ...]
    log: str
    """The log, or its end if it is longer than `LONGEST_TEXT`."""
    limits: Mapping[str, str] = field(default_factory=dict)
    """For each limit, whether it was ``enforced`` or ``watched``."""
    gateway: Result | None = None
    """The result of the competition's gateway; None if none ran."""


def run(
    notebook: bytes, spec: RunSpec, sandbox_name: SandboxName, limits: Limits, show: Show = lambda _: None
) -> Outcome:
    """Execute the notebook, and its gateway beside it if there is one, in folders whose input is staged.

    Raises
    ------
    EnvironmentUnavailable
        The sandboxes of notebook and gateway cannot share a network on this machine.
    """
    if spec.gateway and spec.network is None and sandbox_name != "process":
        with shared_network.hold() as network:
            gateway_spec = replace(spec.gateway, network=network)
            return run(notebook, replace(spec, network=network, gateway=gateway_spec), sandbox_name, limits, show)
    directory = spec.directory
    directory.make()
    (directory.working / NOTEBOOK).write_bytes(notebook)
    command = sandbox.command(spec, sandbox_name)
    if spec.gateway:
        spec.gateway.directory.make()
    reader = LogReader(directory.log, len(json.loads(notebook)["cells"]))
    with enforced_limits.enforce(limits, directory) as enforced:
        command = replace(command, arguments=enforced.arguments(command.arguments))
        started = time.monotonic()
        with _beside(spec.gateway, sandbox_name) as gateway_process:
            usage = _watched(
                command, spec, limits, lambda seconds, memory: show(reader.progress(seconds, memory)), gateway_process
            )
        seconds = time.monotonic() - started
        if enforced.ran_out_of_memory:  # asked here, because the control group is removed at the end of the block
            usage.exceeded = "memory"
    outcome = _outcome(directory, seconds, usage, notebook)
    # A full disk of the limit's size raises in a cell like any other error, but the verdict is about the limit.
    if enforced.disks and FULL in (outcome.exception or {}).get("text", ""):
        usage.exceeded = "disk"
    if spec.gateway and gateway_process:
        beside = spec.gateway.directory
        noted, calls = read_json(beside.working / gateway.RESULT, None), _text(beside.notes / CALLS)
        result = gateway.result(noted, calls, _text(beside.log, LONGEST_TEXT), gateway_process.wait())
        server_log = _text(directory.notes / SERVER_LOG, LONGEST_TEXT)
        outcome = replace(outcome, gateway=replace(result, server_log=server_log))
    return replace(outcome, limits=enforced.described)


@contextlib.contextmanager
def _beside(spec: RunSpec | None, sandbox_name: SandboxName) -> Iterator[subprocess.Popen[bytes] | None]:
    """Run the gateway, and end it if it does not end soon after the notebook, because then its server is gone."""
    if spec is None:
        yield None
        return
    command = sandbox.command(spec, sandbox_name)
    with spec.directory.log.open("wb") as log, _launch(command, log) as process:
        try:
            yield process
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_LAST_WORDS_S)
        finally:
            process.kill()
            resource_limits.end(process)


def _watched(
    command: SandboxCommand,
    spec: RunSpec,
    limits: Limits,
    show: Callable[[float, int], None],
    beside: subprocess.Popen[bytes] | None,
) -> Usage:
    directory = spec.directory
    written = [directory.working, directory.record, directory.notes, directory.scratch, directory.log]
    written += filter(None, [spec.writable, spec.shared])
    written += [spec.gateway.directory.working, spec.gateway.directory.scratch] if spec.gateway else []
    with directory.log.open("wb") as log, _launch(command, log) as process:
        try:
            is_over = (lambda: beside.poll() is not None) if beside else (lambda: False)
            usage = resource_limits.watch(process, written, limits, show, is_over)
            if beside and not usage.exceeded:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(_LAST_OUTPUT_S)
            return usage
        finally:
            if command.is_isolated:
                process.kill()  # everything in a sandbox ends with its first process, at once
            resource_limits.end(process)
            resource_limits.end_recording(directory.record)


def _launch(command: SandboxCommand, log: BinaryIO) -> subprocess.Popen[bytes]:
    """Launch a command in its own session, with a pipe as standard input and both outputs in the log."""
    return subprocess.Popen(
        command.arguments,
        cwd=command.folder,
        env=dict(command.environment),
        stdin=subprocess.PIPE,  # closes when this process dies, which tells the run to end itself
        stdout=log,
        stderr=log,
        start_new_session=True,  # so that Ctrl-C reaches only this process, which then ends the run in order
    )


def _outcome(directory: RunDirectory, seconds: float, usage: Usage, notebook: bytes) -> Outcome:
    log = _text(directory.log, LONGEST_TEXT)
    vanished = {"name": "NoResult", "text": f"papermill did not end by itself\n{log[-2000:]}"}
    ended = read_json(directory.notes / "ended.json", None)
    exception = ended.get("exception", vanished) if isinstance(ended, dict) else vanished
    if not isinstance(exception, dict | None):
        exception = vanished
    hosts = _text(directory.notes / "network.log").splitlines()
    executed = read_json(directory.notes / "executed.ipynb", None)  # cut off if the run was killed while saving it
    return Outcome(
        seconds=seconds,
        exception=exception and {name: str(value) for name, value in exception.items()},
        usage=usage,
        notebook=executed if isinstance(executed, dict) and "cells" in executed else json.loads(notebook),
        hosts=tuple(dict.fromkeys(hosts)),
        log=log,
    )


def read_json(file: Path, otherwise: Any) -> Any:
    """Parse a JSON file that a kernel can write; return ``otherwise`` if it is missing, cut off or something else."""
    try:
        return json_text.parse(_text(file))
    except ValueError:
        return otherwise


def _text(file: Path, longest: int = 16 * LONGEST_TEXT) -> str:
    """Return at most the last ``longest`` bytes of a regular file as text, or nothing for anything else."""
    if not file.is_file() or file.is_symlink():  # reading a named pipe would block forever
        return ""
    with file.open("rb") as opened:
        opened.seek(max(file.stat().st_size - longest, 0))
        return opened.read(longest).decode("utf-8", "replace")
