"""The identity of a training run, which decides whether it may resume from a checkpoint."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from landmarks.errors import WrongCheckpoint
from landmarks.settings import NetworkSettings
from landmarks.training.settings import TrainingSettings

FREE = frozenset(
    {
        "budget_hours",
        "checkpoint_every_minutes",
        "checkpoint_every_steps",
        "data",
        "patience",
        "reserve_minutes",
        "retries",
        "retry_rate",
    }
)
"""Settings that may differ when a training run is resumed."""


def identity(network: NetworkSettings, training: TrainingSettings, data: str) -> dict[str, Any]:
    """Return all values that must be equal to resume from a checkpoint, as JSON values.

    Parameters
    ----------
    network, training : settings
        Settings of the network and of its training.
    data : str
        Digest of the training data.
    """
    settings = {name: value for name, value in asdict(training).items() if name not in FREE}
    named = {f"network.{name}": value for name, value in asdict(network).items()}
    named |= {f"training.{name}": value for name, value in settings.items() if name != "stages"}
    mapping: dict[str, Any] = json.loads(json.dumps({**named, "data": data, "stages": settings["stages"]}, default=str))
    return mapping


def check_identity(before: dict[str, Any], now: dict[str, Any], *, begun: int) -> None:
    """Check that a training run may resume from a checkpoint.

    Parameters
    ----------
    before, now : mapping
        Identities of the checkpoint and of the current run, as `identity` returns them.
    begun : int
        Number of stages that have started. Later stages may differ.

    Raises
    ------
    WrongCheckpoint
        If the identities differ. The message names all differences.
    """
    problems = [
        f"{name}: {before.get(name)!r} in the checkpoint, {now.get(name)!r} now"
        for name in sorted((before.keys() | now.keys()) - {"stages"})
        if before.get(name) != now.get(name)
    ]
    for place, stage in enumerate(before["stages"][:begun]):
        current: Sequence[Any] = now["stages"]
        if place >= len(current):
            problems.append(f"stages[{place}]: {stage} in the checkpoint, missing now")
        elif stage != current[place]:
            problems.append(f"stages[{place}]: {stage} in the checkpoint, {current[place]} now")
    if problems:
        fix = "undo these changes, or train into another folder"
        raise WrongCheckpoint(f"the checkpoint is of another training run; {fix}:\n  " + "\n  ".join(problems))
