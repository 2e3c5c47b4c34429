"""What was pushed, in files that are committed: ``pushes.jsonl``, and each notebook under ``.kernelwright/pushed/``.

A line is written whole or not at all: one that a kill cut short is left out when it is read.
"""

import contextlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kernelwright.errors import ClientFailed, UnwritableOutput
from kernelwright.pull.history import RECORDED
from kernelwright.support import atomic_files

LEDGER = "pushes.jsonl"
FOLDER = ".kernelwright"


@dataclass(frozen=True, kw_only=True)
class Push:
    """One version of a kernel on Kaggle.

    Attributes
    ----------
    kernel : str
        ``owner/slug``.
    version : int
        As Kaggle counts.
    request : str
        sha256 of all that was sent: the metadata with its pinned datasets, and the notebook.
    notebook : str
        sha256 of the notebook as it was built, by which a rehearsal is known too.
    commit : str
        The commit it was built at, empty without git; ``changed`` tells whether the tree differed from it.
    datasets : mapping of str to int
        The datasets pushed with it, each with the version that is pinned.
    dropped : sequence of str
        Sources that Kaggle did not attach.
    rehearsal : str
        ``complete``, or ``skipped``.
    at : str
        When, in UTC.
    """

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
    """Return the time in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def ready(root: Path) -> None:
    """See that a push can be recorded before it is made; raises `UnwritableOutput`."""
    file = root / LEDGER
    if file.is_dir():
        raise UnwritableOutput(f"{LEDGER}: is a folder; move it away, the record of pushes goes there")
    if not os.access(file if file.exists() else root, os.W_OK):
        raise UnwritableOutput(f"{LEDGER}: cannot be written; make it writable, the record of pushes goes there")


def add(root: Path, event: str, told: Mapping[str, Any]) -> None:
    """Append one line to the record, whole, after whatever is there; raises `UnwritableOutput`."""
    line = json.dumps({"event": event, **told}, sort_keys=False) + "\n"
    file = root / LEDGER
    torn = file.is_file() and not file.read_bytes().endswith(b"\n") and file.stat().st_size > 0
    try:
        with file.open("ab") as opened:
            opened.write((("\n" if torn else "") + line).encode())
            opened.flush()
            os.fsync(opened.fileno())
    except OSError as error:
        raise UnwritableOutput(f"{LEDGER}: cannot be written: {error.strerror}; mend that, and run again") from None


def events(root: Path) -> Iterator[Mapping[str, Any]]:
    """Yield the record's lines, the oldest first; what is no line of ours is passed over."""
    file = root / LEDGER
    for line in file.read_text("utf-8", "replace").split("\n") if file.is_file() else ():
        try:
            told = json.loads(line)
        except ValueError:
            continue
        if isinstance(told, dict):
            yield told


def pushes(root: Path, kernel: str) -> list[Push]:
    """Return the recorded pushes of a kernel, the oldest first."""
    names, needed = Push.__dataclass_fields__, {"version", "request", "notebook", "commit", "changed"}
    told = [one for one in events(root) if one.get("event") == "pushed" and one.get("kernel") == kernel]
    whole = [one for one in told if needed <= one.keys() and isinstance(one["version"], int)]
    return [Push(**{key: value for key, value in one.items() if key in names}) for one in whole]


def notebook(root: Path, push: Push) -> bytes | None:
    """Return the notebook as it was pushed, None where it is not kept."""
    file = _kept(root, push)
    return file.read_bytes() if file.is_file() else None


def _kept(root: Path, push: Push) -> Path:
    return root / RECORDED / f"{push.notebook[:16]}.ipynb"


def record(root: Path, push: Push, sent: bytes) -> None:
    """Keep a push: first the notebook, then the line that names it."""
    atomic_files.replace(_kept(root, push), sent)
    add(root, "pushed", asdict(push))


def ran(root: Path, push: Push, status: str) -> None:
    """Record how the run of a push ended, once."""
    told = {"kernel": push.kernel, "version": push.version, "status": status}
    if not any({"event": "ran", **told}.items() <= one.items() for one in events(root)):
        add(root, "ran", {**told, "at": now()})


def intend(root: Path, name: str, told: Mapping[str, Any]) -> None:
    """Note that a step begins, so that one that is cut off is found again.

    ``name`` is the kernel's, or of a submission its message.
    """
    _note(root, _begun(root) | {name: told})


@contextlib.contextmanager
def unless_refused(root: Path, name: str) -> Iterator[None]:
    """Take a step that was noted; one that Kaggle did not take is forgotten, one that was cut off is not."""
    try:
        yield
    except ClientFailed as error:
        if 400 <= error.code < 500:
            settle(root, name)
        raise


def intended(root: Path, name: str) -> Mapping[str, Any]:
    """Return what was noted of a step that was cut off, empty for none."""
    told = _begun(root).get(name)
    return told if isinstance(told, dict) else {}


def settle(root: Path, name: str) -> None:
    """Forget a step: it is recorded, or was not taken."""
    _note(root, {other: told for other, told in _begun(root).items() if other != name})


def _begun(root: Path) -> dict[str, Any]:
    try:
        told = json.loads((root / FOLDER / "pushing.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def _note(root: Path, begun: Mapping[str, Any]) -> None:
    file = root / FOLDER / "pushing.json"
    if begun:
        atomic_files.replace(file, json.dumps(begun).encode())
    else:
        file.unlink(missing_ok=True)
