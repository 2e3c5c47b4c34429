"""Whether this run computes, or may copy the sample instead.

A notebook runs when it is saved, on public data, and again when it is submitted, on hidden data.
Computing costs quota; copying the sample in the rerun loses the competition. So where unsure, compute.
"""

import json
import os
import warnings
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path

from kernelwright.runtime import config, fingerprints, record

WORKING = Path("/kaggle/working")
MARKS = ("KAGGLE_URL_BASE", "KAGGLE_DATA_PROXY_URL", "KAGGLE_DOCKER_IMAGE", "KAGGLE_CONTAINER_NAME")
DEBUG_SUBSET = 4


class Name(StrEnum):
    """The kinds of run."""

    INTERACTIVE = "INTERACTIVE"
    """In the editor."""
    COMMIT = "COMMIT"
    """Saved on Kaggle, on public data: the sample is copied."""
    RERUN = "RERUN"
    """On hidden data, or on Kaggle with nothing to prove that it is not."""
    LOCAL = "LOCAL"
    """Off Kaggle."""


@dataclass(frozen=True, kw_only=True)
class Phase:
    """What this run is, and what it does."""

    name: Name
    computes: bool
    """Whether the whole kernel runs; False only in a commit."""
    smoke: int
    """How many queries to run when not all: 0 means all where the run computes, none where it does not."""
    why: str
    """The evidence, in a sentence."""


def detect(*, subset: int | None = None) -> Phase:
    """Decide by the data first, then by what Kaggle's variables say; warn where they disagree.

    Parameters
    ----------
    subset : int, optional
        While debugging: run this many queries wherever not all must be run. A rerun runs all, with a warning.
    """
    phase = _decide()
    if subset and phase.name is Name.RERUN:
        warnings.warn(f"the debug subset of {subset} is for public data; in a rerun all is computed", stacklevel=2)
    elif subset:
        phase = replace(phase, smoke=subset)
    if folder := record.folder():
        record.replace(folder / "phase.json", json.dumps(asdict(phase), indent=1).encode() + b"\n")
    return phase


def _decide() -> Phase:
    settings = config.load()
    public, evidence = fingerprints.compare(settings.public)
    rerun = _variable("KAGGLE_IS_COMPETITION_RERUN") not in {"", "0", "false", "no"}
    run_type = _variable("KAGGLE_KERNEL_RUN_TYPE")
    on_kaggle = bool(run_type) or any(map(_variable, MARKS)) or WORKING.is_dir()
    if not public:
        name = Name.RERUN if rerun or on_kaggle else Name.LOCAL
        if run_type == "interactive" and not rerun:
            name = Name.INTERACTIVE
        return Phase(name=name, computes=True, smoke=0, why=evidence)
    signal = f"the run type is {run_type.title() or 'not given'}"
    match (rerun, run_type, on_kaggle):
        case (False, "batch", _) | (False, "", True):
            return Phase(name=Name.COMMIT, computes=False, smoke=settings.smoke, why=f"{evidence} and {signal}")
        case (False, "interactive", _):
            smoke = settings.smoke or DEBUG_SUBSET
            return Phase(name=Name.INTERACTIVE, computes=True, smoke=smoke, why=f"{evidence} and {signal}")
        case (False, "", False):
            return Phase(name=Name.LOCAL, computes=True, smoke=0, why=f"{evidence} and this is not Kaggle")
    unknown = f"the run type is {run_type!r}, which is unknown"
    signal = "KAGGLE_IS_COMPETITION_RERUN is set" if rerun else unknown
    why = f"the signals disagree, so all is computed: {evidence}, but {signal}"
    warnings.warn(why, stacklevel=3)
    return Phase(name=Name.RERUN, computes=True, smoke=0, why=why)


def _variable(name: str) -> str:
    return os.environ.get(name, "").strip().lower()
