"""The push log: ``pushes.jsonl``, and the pushed notebooks in ``.kernelwright/pushed/``. Both are to be committed.

A line that a killed process wrote only in part is ignored when the log is read. While a step that changes something on
Kaggle is under way, it is noted in ``.kernelwright/pushing.json``.
"""

import contextlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import ConfigDict

from kernelwright.errors import ClientFailed, InvalidProject, UnwritableOutput
from kernelwright.project import parsing
from kernelwright.pull.ancestor import RECORDED
from kernelwright.support import atomic_files, json_text

LOG = "pushes.jsonl"
PENDING = ".kernelwright/pushing.json"


@dataclass(frozen=True, kw_only=True)
class Push:
    """One version of a kernel on Kaggle.

    Attributes
    ----------
    kernel : str
        ``owner/slug`` of the kernel.
    version : int
        Kaggle's number of the version.
    request : str
        sha256 of everything that was sent: the metadata, with pinned datasets, and the notebook.
    notebook : str
        sha256 of the notebook as built. A rehearsal is identified by it too.
    commit : str
        The commit from which the notebook was built; empty without git.
    changed : bool
        Whether the working tree differed from the commit.
    datasets : mapping of str to int
        The datasets pushed with the kernel, and their pinned versions.
    dropped : sequence of str
        Sources that Kaggle did not attach.
    rehearsal : str
        ``complete`` or ``skipped``.
    at : str
        Time of the push, in UTC.
    """

    __pydantic_config__ = ConfigDict(extra="ignore")  # a line also has the key `event`

    kernel: str
    version: int
    request: str
    notebook: str
    commit: str
    changed: bool
    datasets: Mapping[str, int] = field(default_factory=dict)
    dropped: Sequence[str] = ()
    rehearsal: str = "complete"
    at: str = ""


def now() -> str:
    """Return the current time in UTC, to the second, in ISO format."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def check_writable(root: Path) -> None:
    """Raise `UnwritableOutput` if the push log cannot be written. Call it before a push is made."""
    file = root / LOG
    if file.is_dir():
        raise UnwritableOutput(f"{LOG}: is a folder; move it away, the record of pushes goes there")
    if not os.access(file if file.exists() else root, os.W_OK):
        raise UnwritableOutput(f"{LOG}: cannot be written; make it writable, the record of pushes goes there")


def append(root: Path, event: str, fields: Mapping[str, Any]) -> None:
    """Append one line to the log; raises `UnwritableOutput` if it cannot be written."""
    line = json.dumps({"event": event, **fields}) + "\n"
    file = root / LOG
    # An incomplete last line is ended first, so that only that line is lost.
    torn = file.is_file() and not file.read_bytes().endswith(b"\n") and file.stat().st_size > 0
    try:
        with file.open("ab") as opened:
            opened.write((("\n" if torn else "") + line).encode())
            opened.flush()
            os.fsync(opened.fileno())
    except OSError as error:
        raise UnwritableOutput(f"{LOG}: cannot be written: {error.strerror}; fix that, and run again") from None


def events(root: Path) -> Iterator[Mapping[str, Any]]:
    """Yield the log's entries, the oldest first. Lines that are not JSON objects are skipped."""
    file = root / LOG
    for line in file.read_text("utf-8", "replace").split("\n") if file.is_file() else ():
        if event := json_text.parse_object(line):
            yield event


def is_recorded(root: Path, event: str, fields: Mapping[str, Any]) -> bool:
    """Return True if the log holds an ``event`` with these fields."""
    wanted = {"event": event, **fields}
    return any(wanted.items() <= line.items() for line in events(root))


def pushes(root: Path, kernel: str) -> list[Push]:
    """Return the recorded pushes of the kernel ``owner/slug``, the oldest first. Invalid entries are skipped."""
    pushed = []
    for event in events(root):
        if event.get("event") == "pushed" and event.get("kernel") == kernel:
            with contextlib.suppress(InvalidProject):
                pushed.append(parsing.parse(Push, event, file=LOG))
    return pushed


def recorded_notebook(root: Path, push: Push) -> bytes | None:
    """Return the notebook as it was pushed; None if it was not kept."""
    file = _notebook_file(root, push)
    return file.read_bytes() if file.is_file() else None


def _notebook_file(root: Path, push: Push) -> Path:
    return root / RECORDED / f"{push.notebook[:16]}.ipynb"


def record(root: Path, push: Push, notebook: bytes) -> None:
    """Record a push. The notebook is written before the line that names it."""
    atomic_files.replace(_notebook_file(root, push), notebook)
    append(root, "pushed", asdict(push))


def record_run(root: Path, push: Push, status: str) -> None:
    """Record the final status of a push's run, unless it is already recorded."""
    fields = {"kernel": push.kernel, "version": push.version, "status": status}
    if not is_recorded(root, "ran", fields):
        append(root, "ran", {**fields, "at": now()})


@contextlib.contextmanager
def step(root: Path, name: str, fields: Mapping[str, Any]) -> Iterator[None]:
    """Note that a step begins, and take it in the ``with`` block, so that an interrupted step can be found again.

    ``name`` is the kernel's ``owner/slug``, ``datasets/owner/slug``, or the message of a submission. If Kaggle rejects
    the step, the note is deleted. Otherwise the caller records the step and then calls `finish_step`.
    """
    _write_steps(root, _steps(root) | {name: fields})
    try:
        yield
    except ClientFailed as error:
        if 400 <= error.code < 500:  # Kaggle rejected it; after any other failure, the step may have been taken
            finish_step(root, name)
        raise


def pending_step(root: Path, name: str) -> Mapping[str, Any]:
    """Return the fields that were noted for an interrupted step; empty if there is none."""
    fields = _steps(root).get(name)
    return fields if isinstance(fields, dict) else {}


def finish_step(root: Path, name: str) -> None:
    """Delete the note of a step that was recorded or not taken."""
    _write_steps(root, {other: fields for other, fields in _steps(root).items() if other != name})


def _steps(root: Path) -> dict[str, Any]:
    try:
        return json_text.parse_object((root / PENDING).read_bytes())
    except OSError:
        return {}


def _write_steps(root: Path, steps: Mapping[str, Any]) -> None:
    if steps:
        atomic_files.replace(root / PENDING, json.dumps(steps).encode())
    else:
        (root / PENDING).unlink(missing_ok=True)
