"""What a benchmark measured, kept as JSON so that a later run can be compared with it."""

import json
import os
import platform
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

LOSS = 1.1
"""Above this ratio to an earlier run, a figure counts as a loss."""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One measured time.

    Attributes
    ----------
    name : str
        What was timed, the same in every run.
    seconds : float
        Ours.
    target : float or None
        The most it should take, in seconds.
    peers : mapping
        Name -> seconds of another way to the same result, in the same run.
    scores : mapping
        Name -> what the result is worth, once per repetition.
    """

    name: str
    seconds: float
    target: float | None = None
    peers: Mapping[str, float] = field(default_factory=dict)
    scores: Mapping[str, Sequence[float]] = field(default_factory=dict)


def save(file: Path, figures: Sequence[Figure]) -> None:
    """Write the figures, with the machine and the time they were taken on."""
    machine = {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count(),
        "load": os.getloadavg(),
        "python": platform.python_version(),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{json.dumps({'machine': machine, 'figures': [*map(asdict, figures)]}, indent=1)}\n", "utf-8")


def _processor() -> str:
    """Return the processor's name; Linux tells it in a file alone."""
    listing = Path("/proc/cpuinfo")
    lines = listing.read_text("utf-8").splitlines() if listing.exists() else []
    names = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def load(file: Path) -> list[Figure]:
    """Read what `save` wrote."""
    return [Figure(**figure) for figure in json.loads(file.read_text("utf-8"))["figures"]]


def compare(before: Sequence[Figure], now: Sequence[Figure]) -> Iterator[tuple[str, bool]]:
    """Yield a line per figure of both runs, and whether it is a loss.

    Machines differ from hour to hour: where a figure has a peer, it is the ratio to that peer that is compared.
    """
    earlier = {figure.name: figure for figure in before}
    for figure in now:
        if old := earlier.get(figure.name):
            shared = [peer for peer in figure.peers if peer in old.peers]
            unit, was = (figure.peers[shared[0]], old.peers[shared[0]]) if shared else (1.0, 1.0)
            ratio = (figure.seconds / unit) / (old.seconds / was)
            by = f", in units of {shared[0]}" if shared else ""
            word = "LOSS" if ratio > LOSS else "gain" if ratio < 1 / LOSS else "same"
            yield f"{word}  {figure.name}: {ratio:.2f} times as long as before{by}", ratio > LOSS


def judged(figures: Sequence[Figure]) -> Iterator[str]:
    """Yield a line per figure that has a target: measured, target and peers."""
    for figure in figures:
        if figure.target is not None:
            word = "met" if figure.seconds <= figure.target else "MISSED"
            beside = "".join(f", {peer} {duration(time)}" for peer, time in figure.peers.items())
            yield f"{word}  {figure.name}: {duration(figure.seconds)}, target {duration(figure.target)}{beside}"


def duration(seconds: float) -> str:
    """Return seconds as text, short ones in milliseconds."""
    return f"{seconds:.1f} s" if seconds >= 10 else f"{seconds:.2f} s" if seconds >= 0.1 else f"{1e3 * seconds:.1f} ms"
