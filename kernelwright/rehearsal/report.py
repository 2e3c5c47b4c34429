"""build/rehearsal/report.json: the outcome of a rehearsal, as data."""

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
    """One run, judged. The fields are the keys of ``runs`` in report.json."""

    phase: str
    mounts: str
    sandbox: str
    verdict: str
    detail: str
    seconds: float
    peak_rss_bytes: int
    memory: Sequence[tuple[float, int]]
    hosts: Sequence[str] = ()
    """Asked for in vain."""
    guard: Mapping[str, Any]
    cells: Sequence[Mapping[str, Any]]
    stages: Sequence[Mapping[str, Any]]
    submission: Mapping[str, Any]
    submissions: Sequence[Mapping[str, Any]]
    scores: Mapping[str, float]
    """Of the file that is left."""
    gateway: Mapping[str, Any] = field(default_factory=dict)
    """Where the competition's gateway ran beside it: the name of its error, and how many calls were answered."""
    limits: Mapping[str, str] = field(default_factory=dict)
    """``time``, ``memory``, ``disk``, ``processes`` -> ``enforced`` by Linux, or ``watched`` from outside."""
    score_problem: str = ""
    """Why the hook gave none."""

    @property
    def complete(self) -> bool:
        """Whether Kaggle would call it Complete."""
        return self.verdict == Word.COMPLETE

    @property
    def guard_decision(self) -> str:
        """What the guard decided, in words; that the sample is copied, only where it was left."""
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
    """A whole rehearsal; while it is under way, what is known so far."""

    state: State
    note: str
    """``running`` on disk after the end means that the launcher was killed; the note says how far it came."""
    title: str
    notebook_sha256: str
    notebook_bytes: int
    input: str
    limits: Mapping[str, float]
    """``hours``, ``memory_bytes``, ``disk_bytes``."""
    started: str = ""
    commit: str = ""
    """When (UTC), and of which commit; empty without git."""
    image: str = ""
    python: str = ""
    """The image that is rehearsed, and the version of Python here; empty until the environment is made."""
    history: Sequence[Mapping[str, Any]] = ()
    """The latest rehearsals before this one, oldest first: see `kernelwright.rehearsal.history`."""
    isolation: str = ""
    """What the sandbox leaves open to the runs; empty where nothing of the host is in their reach."""
    gateway: str = ""
    """Which data the competition's gateway hands out; empty where there is none."""
    runs: Sequence[Run]
    comparison: Sequence[Claim] = ()
    missing: Sequence[str] = ()
    """Slugs that are attached on Kaggle, and not in the input folder."""
    added: Sequence[str] = ()
    """Distributions of the image that a run missed, and that were installed before it was repeated."""
    forecast: Mapping[str, Any] | None = None
    files: Mapping[str, str]
    wheels: Mapping[str, str]
    """What the notebook carries, and what it installs."""

    @property
    def scores(self) -> Mapping[str, float]:
        """What the kernel scores: in the rerun, if there is one."""
        scored = sorted((run for run in self.runs if run.scores), key=lambda run: run.phase != "rerun")
        return scored[0].scores if scored else {}

    @property
    def circumstances(self) -> str:
        """In what the runs were made, and within which limits; of each, whether it was enforced or watched."""
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
        """A line that says so where the runs were made in one of Kaggle's two layouts alone."""
        layouts = {run.mounts for run in self.runs}
        return f"only the {layouts.pop()} mounts were rehearsed; Kaggle may use either" if len(layouts) == 1 else ""

    @property
    def complete(self) -> bool:
        """Whether it ended, every run is what Kaggle calls Complete, and what should hold over all of them does."""
        fine = all(run.complete for run in self.runs) and all(claim.holds for claim in self.comparison)
        return self.state == "ended" and fine


def write(report: Report, file: Path) -> None:
    """Write the report as JSON, in one step."""
    atomic_files.replace(file, (json.dumps(asdict(report), indent=1) + "\n").encode("utf-8"))
