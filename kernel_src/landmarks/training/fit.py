"""The loop over stages, epochs and steps: resumed from its checkpoint, ended by its time, brought back if it diverges.

Nothing in it depends on when a checkpoint is written: a training that is ended at any moment and begun again takes the
same steps.
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
from landmarks.training.identity import compare
from landmarks.training.logs import EpochRow, Logs, StepRow
from landmarks.training.schedule import learning_rate
from landmarks.training.settings import StageSettings, TrainingSettings
from landmarks.training.steps import Learner

FLUSH_SECONDS, FLUSH_STEPS = 5.0, 100
"""After which losses are fetched from the device, and looked at: a GPU waits for nobody in between."""

Embed = Callable[[NDArray[np.float32]], NDArray[np.float32]]
Judge = Callable[[Embed, StageSettings], tuple[float, float]]
"""From the function that embeds and the stage to GAP and top-1 on the held-out images."""

log = logging.getLogger(__name__)


class Source(Protocol):
    """Where batches come from: `landmarks.training.data.Batches`."""

    def steps_per_epoch(self, stage: StageSettings) -> int:
        """Return how many batches an epoch has."""

    def dataset(self, stage: StageSettings, epoch: int, first_step: int = 0) -> Any:
        """Return the batches of an epoch, counted over all stages, from one on."""


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a training is: ``stage``, ``epoch`` in it and ``step`` in that are the next ones, from 0.

    ``total`` counts all steps taken, ``losses`` adds up those of the epoch, ``best`` is the highest GAP of the
    stage, and ``worse`` counts the epochs since then.
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
    """One training in a folder; what is there is gone on from.

    Parameters
    ----------
    folder : Path
        Gets the logs, and ``checkpoints/``.
    learner : Learner
        What is trained.
    training : TrainingSettings
        How.
    identity : mapping
        What must be the same for a checkpoint to be gone on from, as JSON.
    tell : callable
        Told how it goes, a line per epoch.

    Raises
    ------
    InvalidTraining
        There is nothing to do for the settings.
    WrongCheckpoint
        The checkpoint in the folder is of another training; all that differs is named.
    """

    def __init__(
        self,
        folder: Path,
        learner: Learner,
        training: TrainingSettings,
        identity: dict[str, Any],
        tell: Callable[[str], None] = print,
    ) -> None:
        training.check()
        self._learner, self._training, self._identity, self._tell = learner, training, identity, tell
        self._checkpoints = Checkpoints(folder / "checkpoints")
        self._best = folder / "checkpoints" / "best.npz"
        self.logs = Logs(folder)
        self._pending: list[tuple[StepRow, Any, Any]] = []
        self._saved = time.monotonic()
        self.progress = Progress()

    def run(self, source: Source, judge: Judge | None) -> bool:
        """Train to the end, or to the end of the time; return whether it is complete. The best weights are loaded.

        Raises
        ------
        Diverged
            The loss was not finite, and going back with a lower rate did not help.
        CheckpointNotWritten
            If not even the first one can be.
        """
        self._resume()
        complete = True
        with budget.ends_at_sigterm():
            while complete and self.progress.stage < len(self._training.stages):
                try:
                    complete = self._stage(source, judge)
                except FloatingPointError as error:
                    self._go_back(str(error))
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
        compare(state["identity"], self._identity, begun=progress.stage + bool(progress.epoch or progress.step))
        self._learner.restore(values)
        self.logs.rewind(progress.total)
        self.progress = progress

    def _stage(self, source: Source, judge: Judge | None) -> bool:
        """Take the steps of the stage that is left; return whether there was time for all of them."""
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
                if self._end_epoch(stage, judge, per_epoch):
                    break
            self._save_if_due()
        self._flush()
        complete = self.progress.epoch == stage.epochs or self._is_out_of_patience()
        if complete:
            # GAPs at different sizes do not compare: what is handed over is the best of the last stage.
            self.progress = replace(self.progress, stage=self.progress.stage + 1, epoch=0, step=0, worse=0, best=-1.0)
        elif judge and not self._best.exists():
            before = self.progress
            self._judge(stage, judge)  # so that there is something to hand over; the next run must not see it
            self.progress = before
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
        """Fetch the losses that are still on the device, look at them, and write them down."""
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

    def _end_epoch(self, stage: StageSettings, judge: Judge | None, per_epoch: int) -> bool:
        """Judge the network, and return whether the stage has gone on without success for long enough."""
        epoch, every = self.progress.epoch + 1, self._training.validation.every_epochs
        is_judged = judge and (epoch % every == 0 or epoch == stage.epochs)
        gap, top_1 = self._judge(stage, judge) if judge and is_judged else (float("nan"), float("nan"))
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
        self._tell(
            f"stage {row.stage}, {row.size_px} px, epoch {row.epoch} of {stage.epochs}: loss {row.loss:.3f}"
            + (f", GAP {gap:.4f}, top-1 {top_1:.4f}" if is_judged else "")
        )
        self.progress = replace(self.progress, epoch=epoch, step=0, losses=0.0)
        return self._is_out_of_patience()

    def _is_out_of_patience(self) -> bool:
        return self._training.patience is not None and self.progress.worse >= self._training.patience

    def _judge(self, stage: StageSettings, judge: Judge) -> tuple[float, float]:
        gap, top_1 = judge(self._learner.embed, stage)
        best, worse = self.progress.best, self.progress.worse
        if gap >= best:  # of equals the later, which has learned longer: a few queries are soon all right
            try:
                checkpoints.write(self._best, self._learner.weights(), {"gap": gap, **asdict(self.progress)})
                self.progress = replace(self.progress, best=gap)
            except CheckpointNotWritten as error:
                log.warning("%s; the training goes on, and the best weights before these stay", error)
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
            log.warning("%s; the training goes on, and the checkpoint before it stays", error)
        self._saved = time.monotonic()

    def _state(self) -> dict[str, Any]:
        return {"progress": asdict(self.progress), "identity": self._identity}

    def _go_back(self, problem: str) -> None:
        """Take up the last checkpoint with a lower rate."""
        retries, rate = self.progress.retries + 1, self.progress.rate * self._training.retry_rate
        if retries > self._training.retries:
            raise Diverged(f"{problem}, after {retries - 1} retries; lower learning_rate or clip_norm")
        self._pending = []
        self._resume()
        self.progress = replace(self.progress, retries=retries, rate=rate)
        log.warning("%s; back to step %d, with the rate times %g", problem, self.progress.total, rate)
