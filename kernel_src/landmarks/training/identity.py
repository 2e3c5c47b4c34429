"""What a checkpoint and the training that goes on from it have in common."""

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
"""The settings that a training which goes on may change."""


def identity(network: NetworkSettings, training: TrainingSettings, data: str) -> dict[str, Any]:
    """Return what a checkpoint and the training that goes on from it have in common.

    Parameters
    ----------
    network, training : settings
        What is trained, and how.
    data : str
        A digest of what it is trained on.
    """
    settings = {name: value for name, value in asdict(training).items() if name not in FREE}
    named = {f"network.{name}": value for name, value in asdict(network).items()}
    named |= {f"training.{name}": value for name, value in settings.items() if name != "stages"}
    mapping: dict[str, Any] = json.loads(json.dumps({**named, "data": data, "stages": settings["stages"]}, default=str))
    return mapping


def compare(before: dict[str, Any], now: dict[str, Any], *, begun: int) -> None:
    """Name all by which a training differs from the one whose checkpoint it would go on from.

    Parameters
    ----------
    before, now : mapping
        As `identity` returns them.
    begun : int
        Stages that were begun; those still to come may change.

    Raises
    ------
    WrongCheckpoint
        Something differs.
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
        hint = "take these back, or train into another folder"
        raise WrongCheckpoint(f"the checkpoint is of another training; {hint}:\n  " + "\n  ".join(problems))
