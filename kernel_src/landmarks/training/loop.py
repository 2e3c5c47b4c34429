"""From a competition's folder to trained weights: data, network, the loop, and what is left in the output folder."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from landmarks.errors import InvalidTraining
from landmarks.settings import NetworkSettings
from landmarks.training import data, devices, output
from landmarks.training.fit import Embed, Fit
from landmarks.training.identity import identity
from landmarks.training.logs import EpochRow, read_rows
from landmarks.training.settings import StageSettings, TrainingSettings
from landmarks.training.split import split
from landmarks.training.steps import Learner
from landmarks.training.validation import validate


@dataclass(frozen=True, kw_only=True)
class TrainingResult:
    """What a training came to.

    Attributes
    ----------
    output : Path
        The folder that holds weights, record and logs.
    is_complete : bool
        False if the time ended it: called again on the same folder, it goes on.
    gap, top_1 : float
        Of the weights in the output, on the held-out images; not a number where none are held out.
    history : tuple of EpochRow
        A row per epoch.
    """

    output: Path
    is_complete: bool
    gap: float
    top_1: float
    history: tuple[EpochRow, ...]


def train(
    competition: Path,
    folder: Path,
    network: NetworkSettings,
    training: TrainingSettings,
    *,
    tell: Callable[[str], None] = print,
) -> TrainingResult:
    """Train a network, or go on with the training in the output folder.

    On CPUs two runs agree to the bit, however often one of them was ended and begun again.

    Parameters
    ----------
    competition : Path
        Holds ``train.csv`` and the folder ``train``.
    folder : Path
        Created; gets what `landmarks.training.output` writes, the logs, and the checkpoints.
    network : NetworkSettings
        What is trained, from random weights; the data say how many classes there are.
    training : TrainingSettings
        How.
    tell : callable
        Told how it goes, a line per epoch.

    Raises
    ------
    InvalidTraining, InvalidData
        Settings or data cannot be trained with.
    WrongCheckpoint
        The folder holds another training.
    Diverged
        The loss was not finite, and going back did not help.
    """
    training.check()
    examples, images = data.load(competition, network, training)
    parts = split(examples, training.validation, training.seed)
    network = replace(network, classes=len(parts.train.classes))
    _check_sample(network, training)
    devices.repeat_exactly()
    policy = devices.precision() if training.mixed_precision else "float32"
    learner = Learner(network, training, parts.train.counts().tolist(), policy)

    def judge(embed: Embed, stage: StageSettings) -> tuple[float, float]:
        validation = validate(embed, parts, images, training.validation, stage)
        return validation.gap, validation.top1

    fit = Fit(folder, learner, training, identity(network, training, parts.train.digest()), tell)
    is_complete = fit.run(data.Batches(parts.train, images, training), judge if len(parts.queries) else None)
    history = read_rows(fit.logs.epochs, EpochRow)
    record = output.describe(network, training, parts, [asdict(row) for row in history])
    output.write(folder, learner.model, network, {**record, "complete": is_complete})
    of_stage = [row for row in history if row.stage == history[-1].stage]
    best = max(reversed(of_stage), key=lambda row: np.nan_to_num(row.gap, nan=-1.0), default=None)
    gap, top_1 = (best.gap, best.top_1) if best else (float("nan"), float("nan"))
    return TrainingResult(output=folder, is_complete=is_complete, gap=gap, top_1=top_1, history=tuple(history))


def _check_sample(network: NetworkSettings, training: TrainingSettings) -> None:
    """Refuse a sample of the classes that could not hold all those of a batch."""
    sampled, largest = network.head.sampled_classes, max(stage.batch for stage in training.stages)
    if sampled is not None and sampled < min(largest, network.classes):
        raise InvalidTraining(
            f"HeadSettings.sampled_classes = {sampled} is below the {largest} images of a batch; write more, or None"
        )
