"""What was pushed, in files that are committed: ``pushes.jsonl``, and each notebook under ``.kernelwright/pushed/``.

A line is written whole or not at all: one that a kill cut short is left out when it is read.
"""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kernelwright import files

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
    rehearsal: str = "complete"
    at: str = ""


def now() -> str:
    """Return the time in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def add(root: Path, event: str, told: Mapping[str, Any]) -> None:
    """Append one line to the record, whole, after whatever is there."""
    line = json.dumps({"event": event, **told}, sort_keys=False) + "\n"
    file = root / LEDGER
    torn = file.is_file() and not file.read_bytes().endswith(b"\n") and file.stat().st_size > 0
    handle = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(handle, (("\n" if torn else "") + line).encode())
        os.fsync(handle)
    finally:
        os.close(handle)


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
    names = Push.__dataclass_fields__
    told = [one for one in events(root) if one.get("event") == "pushed" and one.get("kernel") == kernel]
    return [Push(**{key: value for key, value in one.items() if key in names}) for one in told]


def record(root: Path, push: Push, notebook: bytes) -> None:
    """Keep a push: first the notebook, then the line that names it."""
    files.replace(root / FOLDER / "pushed" / f"{push.notebook[:16]}.ipynb", notebook)
    add(root, "pushed", asdict(push))


def intend(root: Path, request: str, after: int) -> None:
    """Note that a push begins, so that one that is cut off is found again: Kaggle had ``after`` versions then."""
    files.replace(root / FOLDER / "pushing.json", json.dumps({"request": request, "after": after}).encode())


def intended(root: Path) -> Mapping[str, Any]:
    """Return what a push that was cut off had begun, empty for none."""
    try:
        told = json.loads((root / FOLDER / "pushing.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def settle(root: Path) -> None:
    """Forget the intention: the push is recorded, or known not to have happened."""
    (root / FOLDER / "pushing.json").unlink(missing_ok=True)
