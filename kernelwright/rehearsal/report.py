"""The report of a rehearsal as data, written to ``report.json``."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from kernelwright.check.rehearsal_report import Claim
from kernelwright.rehearsal.verdict import Word
from kernelwright.support import atomic_files

State = Literal["running", "ended", "interrupted", "failed"]


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run with its verdict. The fields are the keys of each entry of ``runs`` in ``report.json``."""

    phase: str
    mounts: str
    sandbox: str
    verdict: str
    detail: str
    seconds: float
    peak_rss_bytes: int
    memory: Sequence[tuple[float, int]]
    """Seconds since the start, and bytes in use."""
    hosts: Sequence[str] = ()
    """Hosts that the run tried to reach and could not."""
    guard: Mapping[str, Any]
    cells: Sequence[Mapping[str, Any]]
    stages: Sequence[Mapping[str, Any]]
    submission: Mapping[str, Any]
    submissions: Sequence[Mapping[str, Any]]
    scores: Mapping[str, float]
    """Scores of the submission that is left at the end."""
    gateway: Mapping[str, Any] = field(default_factory=dict)
    """``error``, Kaggle's name for it, and ``calls``, the number answered; empty if no gateway ran beside the run."""
    limits: Mapping[str, str] = field(default_factory=dict)
    """``time``, ``memory``, ``disk``, ``processes`` -> ``enforced`` by Linux, or ``watched`` from outside."""
    score_problem: str = ""
    """Why the hook returned no scores."""

    @property
    def complete(self) -> bool:
        """Whether the verdict is Complete."""
        return self.verdict == Word.COMPLETE

    @property
    def guard_decision(self) -> str:
        """The guard's decision in words; it says that the sample is copied only if the sample was left."""
        if not self.guard:
            return ""
        smoke = f"{self.guard['smoke']} smoke queries" if self.guard["smoke"] else ""
        if self.guard["computes"]:
            return f"{self.guard['name']}: computes{f', {smoke}' if smoke else ''}"
        if self.submission["is_sample"]:
            return f"{self.guard['name']}: copies the sample{f' after {smoke}' if smoke else ''}"
        return f"{self.guard['name']}: {smoke or 'does not compute'}"


@dataclass(frozen=True, kw_only=True)
class Report:
    """A whole rehearsal, or what is known of it so far."""

    state: State
    """If it stays ``running`` on disk, the launcher was killed."""
    note: str
    """How far the rehearsal has come, and what ended it early; empty if it ended by itself."""
    title: str
    notebook_sha256: str
    notebook_bytes: int
    input: str
    limits: Mapping[str, float]
    """``hours``, ``memory_bytes``, ``disk_bytes``."""
    started: str = ""
    """Time of the start, in UTC."""
    commit: str = ""
    """The commit of the project; empty without git."""
    image: str = ""
    """Name of the image that is rehearsed; empty until the environment is made, like ``python``."""
    python: str = ""
    """Version of Python that the runs use."""
    history: Sequence[Mapping[str, Any]] = ()
    """The latest rehearsals before this one, oldest first: see `kernelwright.rehearsal.history`."""
    isolation: str = ""
    """The gaps of the sandbox; empty if the runs can reach nothing of the host."""
    gateway: str = ""
    """Which data the competition's gateway sends; empty if there is no gateway."""
    runs: Sequence[Run]
    comparison: Sequence[Claim] = ()
    missing: Sequence[str] = ()
    """Slugs of attached sources that are not in the input folder."""
    added: Sequence[str] = ()
    """Distributions of the image that a run missed; they were installed and the run was repeated."""
    forecast: Mapping[str, Any] | None = None
    files: Mapping[str, str]
    """Carried file -> its digest."""
    wheels: Mapping[str, str]
    """Wheel that the notebook installs -> its digest."""

    @property
    def scores(self) -> Mapping[str, float]:
        """The scores of the first rerun that has some, else of the first other run that has some."""
        # A stable sort: reruns come first, otherwise the order stays.
        scored = sorted((run for run in self.runs if run.scores), key=lambda run: run.phase != "rerun")
        return scored[0].scores if scored else {}

    @property
    def circumstances(self) -> str:
        """The sandbox, and each limit with whether it was enforced or watched, as one line."""
        how = {name: f" ({state})" for run in self.runs[-1:] for name, state in run.limits.items()}
        memory, disk = (f"{self.limits[key] / 1e9:.4g} GB" for key in ("memory_bytes", "disk_bytes"))
        parts = (
            f"sandbox: {self.runs[-1].sandbox}" if self.runs else "",
            f"time: {self.limits['hours']:.3g} h{how.get('time', '')}",
            f"memory: {memory}{how.get('memory', '')}",
            f"disk: {disk}{how.get('disk', '')}",
        )
        return ", ".join(filter(None, parts))

    @property
    def single_layout(self) -> str:
        """A warning if only one of Kaggle's two layouts was rehearsed, otherwise empty."""
        layouts = {run.mounts for run in self.runs}
        return f"only the {layouts.pop()} mounts were rehearsed; Kaggle may use either" if len(layouts) == 1 else ""

    @property
    def complete(self) -> bool:
        """Whether the rehearsal ended, every run is Complete, and every claim of the comparison holds."""
        fine = all(run.complete for run in self.runs) and all(claim.holds for claim in self.comparison)
        return self.state == "ended" and fine


def write(report: Report, file: Path) -> None:
    """Write the report as JSON, atomically."""
    atomic_files.replace(file, (json.dumps(asdict(report), indent=1) + "\n").encode("utf-8"))
