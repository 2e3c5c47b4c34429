"""The logs: whole rows, none twice, and a full disk does not end a training."""

import resource
from contextlib import contextmanager

import pytest

from landmarks.training.logs import EpochRow, Logs, StepRow, read_rows


def step(total, loss=0.5):
    return StepRow(total=total, stage=1, epoch=1, step=total, loss=loss, learning_rate=1e-3, gradient_norm=2.0)


EPOCH = EpochRow(total=4, stage=1, size_px=64, epoch=1, loss=0.25, gap=0.75, top_1=1.0)


@pytest.fixture
def logs(tmp_path):
    logs = Logs(tmp_path)
    logs.rewind(0)
    return logs


@contextmanager
def files_end_at(size):
    """Let no file grow beyond a size, as a full disk does not."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_rows_come_back_as_they_were_written(logs):
    logs.add_steps([step(1), step(2, loss=1 / 3)])
    logs.add_epoch(EPOCH)
    assert read_rows(logs.steps, StepRow) == [step(1), step(2, loss=1 / 3)]
    assert read_rows(logs.epochs, EpochRow) == [EPOCH]


def test_going_back_takes_back_the_later_rows(logs):
    logs.add_steps([step(total) for total in range(1, 7)])
    logs.add_epoch(EPOCH)
    logs.rewind(3)
    logs.add_steps([step(4, loss=9.0)])
    assert read_rows(logs.steps, StepRow) == [step(1), step(2), step(3), step(4, loss=9.0)]
    assert read_rows(logs.epochs, EpochRow) == []


@pytest.mark.parametrize("cut", range(1, 8))
def test_a_row_that_a_killed_process_left_half_written_is_taken_back(logs, cut):
    logs.add_steps([step(1), step(2)])
    logs.steps.write_bytes(logs.steps.read_bytes()[:-cut])
    logs.rewind(2)
    logs.add_steps([step(2), step(3)])
    assert read_rows(logs.steps, StepRow) == [step(1), step(2), step(3)]


def test_a_full_disk_loses_rows_and_says_so_but_raises_nothing(logs, caplog):
    logs.add_steps([step(1)])
    with files_end_at(logs.steps.stat().st_size + 10):
        logs.add_steps([step(2), step(3)])
    logs.add_steps([step(4)])
    assert read_rows(logs.steps, StepRow) == [step(1), step(4)]
    assert "steps.csv: cannot be written (File too large); training continues" in caplog.text


def test_a_full_disk_for_tensorboard_raises_nothing(logs, caplog):
    logs.add_epoch(EPOCH)
    (events,) = (logs.steps.parent / "tensorboard").iterdir()
    with files_end_at(events.stat().st_size + 10):
        logs.add_steps([step(total) for total in range(5, 200)])
    assert "tensorboard: cannot be written" in caplog.text
