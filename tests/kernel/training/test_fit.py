"""The loop: it learns, it goes on where it was ended, it goes back where it diverges, and it names what is wrong."""

import math
import os
import signal
import threading
import time
from dataclasses import asdict, replace
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

from kernelwright.runtime import budget
from landmarks.errors import CheckpointNotWritten, Diverged, InvalidTraining, WrongCheckpoint
from landmarks.settings import HeadSettings, NetworkSettings
from landmarks.training import StageSettings, TrainingSettings, ValidationSettings, checkpoints, devices, fit
from landmarks.training.fit import Fit
from landmarks.training.identity import check_identity, identity
from landmarks.training.logs import EpochRow, StepRow, read_rows
from landmarks.training.steps import Learner

pytestmark = pytest.mark.usefixtures("tiny_backbone")
NETWORK = NetworkSettings(
    backbone="efficientnet-b0", input_px=32, classes=2, embedding=8, dropout=0.2, head=HeadSettings(scale=8.0)
)
STAGES = (
    StageSettings(size_px=24, epochs=2, batch=8, learning_rate=3e-3),
    StageSettings(size_px=32, epochs=2, batch=4, learning_rate=1e-3),
)
TRAINING = TrainingSettings(stages=STAGES, normalisation_momentum=0.6, branch_dropout=0.5)


class Stripes:
    """Two classes: stripes that run down, stripes that run across."""

    def __init__(self, spoilt=()):
        self.spoilt = set(spoilt)

    def steps_per_epoch(self, stage):
        return 16 // stage.batch

    def dataset(self, stage, epoch, first_step=0):
        return tf.data.Dataset.from_generator(
            lambda: self._batches(stage, epoch, first_step),
            output_signature=(
                (
                    tf.TensorSpec((stage.batch, stage.size_px, stage.size_px, 3)),
                    tf.TensorSpec((stage.batch,), tf.int32),
                ),
                tf.TensorSpec((stage.batch,), tf.int32),
            ),
        )

    def _batches(self, stage, epoch, first):
        for step in range(first, self.steps_per_epoch(stage)):
            rng = np.random.default_rng((epoch, step))
            labels = np.arange(stage.batch, dtype=np.int32) % 2
            down = np.tile(np.repeat([0.1, 0.9], 4), stage.size_px // 8)[np.newaxis, :, np.newaxis] * np.ones(
                (stage.size_px, 1, 3)
            )
            images = np.stack([down if label else down.swapaxes(0, 1) for label in labels])
            images = (images + rng.normal(0, 0.05, images.shape)).astype(np.float32)
            if (epoch, step) in self.spoilt:
                self.spoilt.remove((epoch, step))
                images[0, 0, 0, 0] = np.nan
            yield (images, labels), labels


def begun(folder, training=TRAINING, network=NETWORK):
    devices.enable_determinism()
    learner = Learner(network, training, [8, 8], "float32")
    return Fit(folder, learner, training, identity(network, training, "data")), learner


@pytest.fixture(scope="module")
def whole(tmp_path_factory, tiny_backbone):
    """A training that nothing interrupts."""
    folder = tmp_path_factory.mktemp("whole")
    run, learner = begun(folder)
    gaps = iter([0.1, 0.4, 0.3, 0.2])
    assert run.run(Stripes(), lambda *_: (next(gaps), 0.5))
    return SimpleNamespace(folder=folder, learner=learner, progress=run.progress)


@pytest.mark.full
def test_each_step_and_epoch_has_a_row(whole):
    steps, epochs = read_rows(whole.folder / "steps.csv", StepRow), read_rows(whole.folder / "epochs.csv", EpochRow)
    assert [row.total for row in steps] == list(range(1, 13))
    assert [(row.stage, row.size_px, row.epoch, row.gap) for row in epochs] == [
        (1, 24, 1, 0.1),
        (1, 24, 2, 0.4),
        (2, 32, 1, 0.3),
        (2, 32, 2, 0.2),
    ]
    assert epochs[0].loss == pytest.approx(np.mean([row.loss for row in steps[:2]]))
    assert steps[-1].loss < steps[0].loss


@pytest.mark.full
def test_the_best_weights_of_the_last_stage_are_handed_over(whole):
    """GAPs at different sizes do not compare."""
    best, state = checkpoints.read(whole.folder / "checkpoints/best.npz")
    assert (state["gap"], state["total"]) == (0.3, 8)
    for value, weight in zip(best, whole.learner.weights(), strict=True):
        np.testing.assert_array_equal(value, weight)


@pytest.mark.full
def test_a_training_that_runs_out_of_time_goes_on_to_the_same_steps_and_weights(whole, tmp_path, monkeypatch):
    """Ended in the middle of an epoch of either stage."""
    gaps = {1: 0.1, 2: 0.4, 3: 0.3, 4: 0.2}

    def judge(*_):
        return gaps[len(read_rows(tmp_path / "epochs.csv", EpochRow)) + 1], 0.5

    for last in (1, 6, 99):
        run, learner = begun(tmp_path)

        def stage(name, items, until, last=last, run=run):
            for item in items:
                if run.progress.total == last:
                    return
                yield item

        monkeypatch.setattr(fit.stages, "stage", stage)
        assert run.run(Stripes(), judge) == (last == 99)
    assert (tmp_path / "steps.csv").read_text() == (whole.folder / "steps.csv").read_text()
    assert (tmp_path / "epochs.csv").read_text() == (whole.folder / "epochs.csv").read_text()
    for value, weight in zip(learner.weights(), whole.learner.weights(), strict=True):
        np.testing.assert_array_equal(value, weight)


@pytest.mark.full
def test_sigterm_ends_it_after_the_step_with_weights_to_hand_over(tmp_path, monkeypatch):
    monkeypatch.setattr(budget, "_terminated", threading.Event())
    run, _ = begun(tmp_path)

    def judge(*_):
        os.kill(os.getpid(), signal.SIGTERM)
        return 0.5, 0.5

    assert not run.run(Stripes(), judge)
    assert (run.progress.total, run.progress.epoch) == (2, 1)
    assert {path.name for path in (tmp_path / "checkpoints").iterdir()} == {
        "best.npz",
        "step-000000000.npz",
        "step-000000002.npz",
    }


@pytest.mark.full
def test_a_validation_every_second_epoch_comes_after_the_last_one_too(tmp_path):
    stages = (replace(STAGES[0], epochs=3),)
    run, _ = begun(tmp_path, replace(TRAINING, stages=stages, validation=ValidationSettings(every_epochs=2)))
    assert run.run(Stripes(), lambda *_: (0.5, 0.75))
    gaps = [row.gap for row in read_rows(tmp_path / "epochs.csv", EpochRow)]
    assert math.isnan(gaps[0])
    assert gaps[1:] == [0.5, 0.5]


@pytest.mark.full
def test_no_step_is_taken_in_the_time_kept_for_saving(tmp_path, monkeypatch):
    monkeypatch.setenv("KERNELWRIGHT_DEADLINE", str(time.time() + 300))
    run, _ = begun(tmp_path, replace(TRAINING, reserve_minutes=6.0))
    assert not run.run(Stripes(), lambda *_: (0.5, 0.5))
    assert run.progress.total == 0
    assert (tmp_path / "checkpoints/best.npz").exists()


@pytest.mark.full
def test_a_loss_that_is_not_finite_goes_back_to_the_checkpoint_with_a_lower_rate(tmp_path, caplog):
    run, _ = begun(tmp_path, replace(TRAINING, stages=STAGES[:1], checkpoint_every_steps=2))
    assert run.run(Stripes(spoilt=[(1, 0)]), None)
    assert "stage 1, epoch 2, step 1: loss nan" in caplog.text
    assert "back to step 2, with the learning rate times 0.5" in caplog.text
    assert [row.total for row in read_rows(tmp_path / "steps.csv", StepRow)] == [1, 2, 3, 4]
    assert (run.progress.retries, run.progress.rate) == (1, 0.5)


@pytest.mark.full
def test_a_training_that_always_diverges_gives_up(tmp_path):
    network = replace(NETWORK, head=HeadSettings(scale=math.inf))
    run, _ = begun(tmp_path, replace(TRAINING, stages=STAGES[:1], retries=0), network)
    with pytest.raises(Diverged, match=r"epoch 1, step 1: loss \w+, .* after 0 retries; lower learning_rate"):
        run.run(Stripes(), None)


def test_settings_that_cannot_be_trained_with_are_named_together():
    wrong = TrainingSettings(stages=(StageSettings(size_px=0, epochs=1, batch=-2),), accumulate=0)
    with pytest.raises(InvalidTraining) as caught:
        wrong.check()
    assert str(caught.value).splitlines()[1:] == [
        "  accumulate = 0; write a number above 0",
        "  stages[0].size_px = 0; write a number above 0",
        "  stages[0].batch = -2; write a number above 0",
    ]
    with pytest.raises(InvalidTraining, match="stages is empty"):
        TrainingSettings(stages=()).check()


def test_a_checkpoint_of_other_classes_or_without_its_stage_is_refused_by_name():
    before = identity(NETWORK, TRAINING, "data")
    check_identity(before, identity(NETWORK, replace(TRAINING, budget_hours=1.0), "data"), begun=1)
    other = identity(replace(NETWORK, classes=3), replace(TRAINING, stages=STAGES[:1]), "others")
    with pytest.raises(WrongCheckpoint) as caught:
        check_identity(before, other, begun=2)
    assert str(caught.value).splitlines()[1:] == [
        "  data: 'data' in the checkpoint, 'others' now",
        "  network.classes: 2 in the checkpoint, 3 now",
        f"  stages[1]: {asdict(STAGES[1])} in the checkpoint, missing now",
    ]


def test_a_stage_that_is_still_to_come_may_change():
    later = replace(TRAINING, stages=(STAGES[0], replace(STAGES[1], epochs=7)))
    before, now = identity(NETWORK, TRAINING, "data"), identity(NETWORK, later, "data")
    check_identity(before, now, begun=1)
    with pytest.raises(WrongCheckpoint) as caught:
        check_identity(before, now, begun=2)
    assert str(caught.value).splitlines()[1:] == [
        f"  stages[1]: {asdict(STAGES[1])} in the checkpoint, {asdict(later.stages[1])} now"
    ]


def test_a_full_disk_keeps_the_checkpoint_before(tmp_path, monkeypatch, caplog):
    store = checkpoints.Checkpoints(tmp_path)
    store.save(1, [np.arange(3)], {"progress": 1})

    def full(file, *_, **__):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(CheckpointNotWritten, match=r"step-000000002.npz: No space left on device; 0.0 MB are needed"):
        store.save(2, [np.arange(3)], {"progress": 2})
    assert [path.name for path in tmp_path.iterdir()] == ["step-000000001.npz"]
    assert store.newest()[1] == {"progress": 1}


@pytest.mark.full
def test_a_training_goes_on_where_the_disk_is_full(tmp_path, monkeypatch, caplog):
    run, _ = begun(tmp_path, replace(TRAINING, stages=STAGES[:1]))
    write, writes = checkpoints.write, []

    def full_after_the_first(*arguments):
        writes.append(arguments[0].name)
        if len(writes) > 1:
            raise CheckpointNotWritten(f"{arguments[0].name}: No space left on device")
        write(*arguments)

    monkeypatch.setattr(checkpoints, "write", full_after_the_first)
    assert run.run(Stripes(), lambda *_: (0.5, 0.5))
    assert caplog.text.count("best.npz: No space left on device") == 2
    assert caplog.text.count("step-000000004.npz: No space left on device") == 1
    assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == ["step-000000000.npz"]


def test_a_damaged_checkpoint_gives_way_to_the_one_before(tmp_path, caplog):
    store = checkpoints.Checkpoints(tmp_path)
    for steps in (1, 2, 3):
        store.save(steps, [np.arange(99)], {"steps": steps})
    newest = tmp_path / "step-000000003.npz"
    damaged = bytearray(newest.read_bytes())
    damaged[200] ^= 1
    newest.write_bytes(damaged)
    assert store.newest()[1] == {"steps": 2}
    assert "step-000000003.npz: damaged" in caplog.text
