"""The whole training: reading the data, building the network, the training loop, and writing the output."""

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
    """The result of a training run.

    Attributes
    ----------
    output : Path
        The folder with weights, record and logs.
    is_complete : bool
        False if the run stopped at the time limit. It resumes if `train` is called with the same folder again.
    gap, top_1 : float
        GAP and top-1 accuracy of the written weights on the held-out images; NaN if none are held out.
    history : tuple of EpochRow
        One row per epoch.
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
    report: Callable[[str], None] = print,
) -> TrainingResult:
    """Train a network, or resume the training run in the output folder.

    On CPUs, two runs give bit-identical results, even if one of them is interrupted and resumed.

    Parameters
    ----------
    competition : Path
        Contains ``train.csv`` and the folder ``train``.
    folder : Path
        The output folder, which is created. Receives the files of `landmarks.training.output`, logs and checkpoints.
    network : NetworkSettings
        The network, trained from random weights. Its number of classes is taken from the data.
    training : TrainingSettings
        Stages, data, validation and time limit.
    report : callable
        Called with one line of text per epoch.

    Returns
    -------
    TrainingResult
        Output folder, scores and history.

    Raises
    ------
    InvalidTraining
        If the settings are invalid.
    InvalidData
        If the data are invalid.
    WrongCheckpoint
        If the folder contains another training run.
    Diverged
        If the loss is not finite, even after all retries.
    CheckpointNotWritten, OutputNotWritten
        If the first checkpoint or the output cannot be written.
    """
    training.check()
    examples, images = data.load_training_data(competition, network, training)
    parts = split(examples, training.validation, training.seed)
    network = replace(network, classes=len(parts.train.classes))
    _check_sample(network, training)
    devices.enable_determinism()
    policy = devices.precision() if training.mixed_precision else "float32"
    learner = Learner(network, training, parts.train.counts().tolist(), policy)

    def evaluate(embed: Embed, stage: StageSettings) -> tuple[float, float]:
        validation = validate(embed, parts, images, training.validation, stage)
        return validation.gap, validation.top1

    fit = Fit(folder, learner, training, identity(network, training, parts.train.digest()), report)
    is_complete = fit.run(data.Batches(parts.train, images, training), evaluate if len(parts.queries) else None)
    history = read_rows(fit.logs.epochs, EpochRow)
    record = output.build_record(network, training, parts, [asdict(row) for row in history])
    output.write(folder, learner.model, network, {**record, "complete": is_complete})
    of_stage = [row for row in history if row.stage == history[-1].stage]
    best = max(reversed(of_stage), key=lambda row: np.nan_to_num(row.gap, nan=-1.0), default=None)
    gap, top_1 = (best.gap, best.top_1) if best else (float("nan"), float("nan"))
    return TrainingResult(output=folder, is_complete=is_complete, gap=gap, top_1=top_1, history=tuple(history))


def _check_sample(network: NetworkSettings, training: TrainingSettings) -> None:
    """Raise an error if fewer classes are sampled than a batch may contain."""
    sampled, largest = network.head.sampled_classes, max(stage.batch for stage in training.stages)
    if sampled is not None and sampled < min(largest, network.classes):
        raise InvalidTraining(
            f"HeadSettings.sampled_classes = {sampled} is below the {largest} images of a batch; write more, or None"
        )
