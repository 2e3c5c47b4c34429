"""The training loop over stages, epochs and steps.

It resumes from checkpoints, stops at the time limit, and returns to the last checkpoint with a lower learning rate if
the loss diverges. Results do not depend on when checkpoints are written: an interrupted and resumed run takes the same
steps.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from kernelwright.runtime import budget, stages
from landmarks.errors import CheckpointNotWritten, Diverged
from landmarks.training import checkpoints
from landmarks.training.checkpoints import Checkpoints
from landmarks.training.identity import check_identity
from landmarks.training.logs import EpochRow, Logs, StepRow
from landmarks.training.schedule import learning_rate
from landmarks.training.settings import StageSettings, TrainingSettings
from landmarks.training.steps import Learner

FLUSH_SECONDS, FLUSH_STEPS = 5.0, 100
"""How often losses are fetched from the device and checked. In between, a GPU does not wait for the CPU."""

Embed = Callable[[NDArray[np.float32]], NDArray[np.float32]]
Evaluate = Callable[[Embed, StageSettings], tuple[float, float]]
"""A function from the embedding function and the stage to GAP and top-1 accuracy on the held-out images."""

log = logging.getLogger(__name__)


class Source(Protocol):
    """A source of batches, such as `landmarks.training.data.Batches`."""

    def steps_per_epoch(self, stage: StageSettings) -> int:
        """Return the number of batches per epoch."""

    def dataset(self, stage: StageSettings, epoch: int, first_step: int = 0) -> Any:
        """Return the batches of an epoch, starting at batch ``first_step``. Epochs are numbered over all stages."""


@dataclass(frozen=True, kw_only=True)
class Progress:
    """The progress of a training run, as checkpoints store it.

    Attributes
    ----------
    stage, epoch, step : int
        The next stage, the next epoch in it, and the next step in that, counted from 0.
    total : int
        Number of all steps taken.
    losses : float
        Sum of the losses of the current epoch.
    best : float
        Highest GAP of the current stage.
    worse : int
        Number of evaluations since the last improvement of the GAP.
    retries : int
        How often the run has returned to a checkpoint after a loss that was not finite.
    rate : float
        Factor on the learning rate, which decreases with each retry.
    """

    stage: int = 0
    epoch: int = 0
    step: int = 0
    total: int = 0
    losses: float = 0.0
    best: float = -1.0
    worse: int = 0
    retries: int = 0
    rate: float = 1.0


class Fit:
    """A training run in a folder. It resumes from the newest checkpoint in the folder.

    Parameters
    ----------
    folder : Path
        Receives the logs and the folder ``checkpoints``.
    learner : Learner
        The network and its optimizer.
    training : TrainingSettings
        Stages, validation, checkpoints and time limit.
    identity : mapping
        JSON values that must equal those of a checkpoint to resume from it; see `landmarks.training.identity`.
    report : callable
        Called with one line of text per epoch.

    Raises
    ------
    InvalidTraining
        If the settings are invalid.
    """

    def __init__(
        self,
        folder: Path,
        learner: Learner,
        training: TrainingSettings,
        identity: dict[str, Any],
        report: Callable[[str], None] = print,
    ) -> None:
        training.check()
        self._learner, self._training, self._identity, self._report = learner, training, identity, report
        self._checkpoints = Checkpoints(folder / "checkpoints")
        self._best = folder / "checkpoints" / "best.npz"
        self.logs = Logs(folder)
        self._pending: list[tuple[StepRow, Any, Any]] = []
        self._saved = time.monotonic()
        self.progress = Progress()

    def run(self, source: Source, evaluate: Evaluate | None) -> bool:
        """Train until the last stage is complete or the time limit is reached, then load the best weights.

        Parameters
        ----------
        source : Source
            Provides the batches.
        evaluate : callable, optional
            Computes GAP and top-1 accuracy; see `Evaluate`. Without it, the last weights are kept.

        Returns
        -------
        bool
            Whether all stages are complete.

        Raises
        ------
        WrongCheckpoint
            If the checkpoint in the folder belongs to another training run. The message names all differences.
        Diverged
            If the loss is not finite, even after all retries with a lower learning rate.
        CheckpointNotWritten
            If the first checkpoint cannot be written. Later ones are only logged.
        """
        self._resume()
        complete = True
        with budget.ends_at_sigterm():
            while complete and self.progress.stage < len(self._training.stages):
                try:
                    complete = self._stage(source, evaluate)
                except FloatingPointError as error:
                    self._retry(str(error))
        if self._best.exists():
            self._learner.restore(checkpoints.read(self._best)[0])
        return complete

    def _resume(self) -> None:
        newest = self._checkpoints.newest()
        if newest is None:
            self.logs.rewind(0)
            self._checkpoints.save(0, self._learner.values(), self._state())
            return
        values, state = newest
        progress = Progress(**state["progress"])
        check_identity(state["identity"], self._identity, begun=progress.stage + bool(progress.epoch or progress.step))
        self._learner.restore(values)
        self.logs.rewind(progress.total)
        self.progress = progress

    def _stage(self, source: Source, evaluate: Evaluate | None) -> bool:
        """Take the remaining steps of the current stage; return whether the stage is complete."""
        stage, step = self._training.stages[self.progress.stage], self._learner.step()
        per_epoch = source.steps_per_epoch(stage) // self._training.accumulate
        first = self.progress.epoch * per_epoch + self.progress.step
        until = budget.deadline(self._training.budget_hours) - 60 * self._training.reserve_minutes
        batches: Any = None
        name = f"train, {stage.size_px} px"
        for index in stages.stage(name, range(first, stage.epochs * per_epoch), until=until):
            if batches is None:
                batches = self._batches(source, stage)
            rate = self.progress.rate * learning_rate(
                stage.learning_rate, self._training.warmup, index, stage.epochs * per_epoch
            )
            self._take(step, batches, rate)
            if self.progress.step == per_epoch:
                self._flush()
                batches = None
                if self._end_epoch(stage, evaluate, per_epoch):
                    break
            self._save_if_due()
        self._flush()
        complete = self.progress.epoch == stage.epochs or self._is_out_of_patience()
        if complete:
            # The best GAP is reset, because GAPs at different image sizes are not comparable.
            self.progress = replace(self.progress, stage=self.progress.stage + 1, epoch=0, step=0, worse=0, best=-1.0)
        elif evaluate and not self._best.exists():
            before = self.progress
            self._evaluate(stage, evaluate)  # writes the best weights, so that the output contains some
            self.progress = before  # this evaluation must not influence the resumed run
        self._save()
        return complete

    def _batches(self, source: Source, stage: StageSettings) -> Any:
        before = sum(stage.epochs for stage in self._training.stages[: self.progress.stage])
        first = self.progress.step * self._training.accumulate
        dataset = source.dataset(stage, before + self.progress.epoch, first)
        return iter(self._learner.strategy.experimental_distribute_dataset(dataset))

    def _take(self, step: Any, batches: Any, rate: float) -> None:
        loss, norm = step(batches, tf.constant(rate, tf.float32))
        now = self.progress = replace(self.progress, step=self.progress.step + 1, total=self.progress.total + 1)
        row = StepRow(
            total=now.total,
            stage=now.stage + 1,
            epoch=now.epoch + 1,
            step=now.step,
            loss=0.0,
            learning_rate=rate,
            gradient_norm=0.0,
        )
        self._pending.append((row, loss, norm))
        if len(self._pending) == FLUSH_STEPS:
            self._flush()

    def _flush(self) -> None:
        """Fetch losses from the device, check that they are finite, and log them."""
        rows = [replace(row, loss=float(loss), gradient_norm=float(norm)) for row, loss, norm in self._pending]
        self._pending = []
        for row in rows:
            if not np.isfinite(row.loss) or not (self._learner.skips_overflow or np.isfinite(row.gradient_norm)):
                raise FloatingPointError(
                    f"stage {row.stage}, epoch {row.epoch}, step {row.step}: loss {row.loss}, "
                    f"norm of the gradients {row.gradient_norm}"
                )
        self.logs.add_steps(rows)
        self.progress = replace(self.progress, losses=self.progress.losses + sum(row.loss for row in rows))

    def _end_epoch(self, stage: StageSettings, evaluate: Evaluate | None, per_epoch: int) -> bool:
        """Evaluate the network, log the epoch, and return whether the stage ends early."""
        epoch, every = self.progress.epoch + 1, self._training.validation.every_epochs
        is_evaluated = evaluate and (epoch % every == 0 or epoch == stage.epochs)
        gap, top_1 = self._evaluate(stage, evaluate) if evaluate and is_evaluated else (float("nan"), float("nan"))
        now = self.progress
        row = EpochRow(
            total=now.total,
            stage=now.stage + 1,
            size_px=stage.size_px,
            epoch=epoch,
            loss=now.losses / per_epoch,
            gap=gap,
            top_1=top_1,
        )
        self.logs.add_epoch(row)
        self._report(
            f"stage {row.stage}, {row.size_px} px, epoch {row.epoch} of {stage.epochs}: loss {row.loss:.3f}"
            + (f", GAP {gap:.4f}, top-1 {top_1:.4f}" if is_evaluated else "")
        )
        self.progress = replace(self.progress, epoch=epoch, step=0, losses=0.0)
        return self._is_out_of_patience()

    def _is_out_of_patience(self) -> bool:
        return self._training.patience is not None and self.progress.worse >= self._training.patience

    def _evaluate(self, stage: StageSettings, evaluate: Evaluate) -> tuple[float, float]:
        gap, top_1 = evaluate(self._learner.embed, stage)
        best, worse = self.progress.best, self.progress.worse
        if gap >= best:  # prefer later weights: with few queries, the GAP soon reaches its maximum
            try:
                checkpoints.write(self._best, self._learner.weights(), {"gap": gap, **asdict(self.progress)})
                self.progress = replace(self.progress, best=gap)
            except CheckpointNotWritten as error:
                log.warning("%s; training continues, and the previous best weights are kept", error)
        self.progress = replace(self.progress, worse=0 if gap > best else worse + 1)
        return gap, top_1

    def _save_if_due(self) -> None:
        every = self._training.checkpoint_every_steps
        minutes = (time.monotonic() - self._saved) / 60
        if minutes >= self._training.checkpoint_every_minutes or (every and self.progress.total % every == 0):
            self._flush()
            self._save()

    def _save(self) -> None:
        try:
            self._checkpoints.save(self.progress.total, self._learner.values(), self._state())
        except CheckpointNotWritten as error:
            log.warning("%s; training continues, and the previous checkpoint is kept", error)
        self._saved = time.monotonic()

    def _state(self) -> dict[str, Any]:
        return {"progress": asdict(self.progress), "identity": self._identity}

    def _retry(self, problem: str) -> None:
        """Return to the last checkpoint with a lower learning rate."""
        retries, rate = self.progress.retries + 1, self.progress.rate * self._training.retry_rate
        if retries > self._training.retries:
            raise Diverged(f"{problem}, after {retries - 1} retries; lower learning_rate or clip_norm")
        self._pending = []
        self._resume()
        self.progress = replace(self.progress, retries=retries, rate=rate)
        log.warning("%s; back to step %d, with the learning rate times %g", problem, self.progress.total, rate)
