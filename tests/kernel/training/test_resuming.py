"""What an attached earlier output has is gone on from, once."""

import pytest

from landmarks.training.resuming import copy_previous_output


@pytest.fixture
def attached(tmp_path, monkeypatch):
    monkeypatch.setenv("KERNELWRIGHT_INPUT", str(tmp_path / "input"))
    folder = tmp_path / "input" / "landmark-training"
    (folder / "checkpoints").mkdir(parents=True)
    (folder / "checkpoints" / "step-000000004.npz").write_bytes(b"values")
    (folder / "steps.csv").write_text("total\n4\n")
    (folder / "model.h5").write_bytes(b"weights")
    return folder


@pytest.fixture
def output(tmp_path):
    folder = tmp_path / "output"
    folder.mkdir()
    return folder


def test_checkpoints_and_logs_of_the_attached_output_are_taken_over(attached, output):
    assert copy_previous_output("landmark-training", output)
    files = {str(path.relative_to(output)) for path in output.rglob("*") if path.is_file()}
    assert files == {"checkpoints/step-000000004.npz", "steps.csv"}


def test_a_training_that_has_begun_is_left_alone(attached, output):
    (output / "checkpoints").mkdir()
    assert not copy_previous_output("landmark-training", output)
    assert [path.name for path in output.iterdir()] == ["checkpoints"]


def test_nothing_is_taken_over_where_nothing_is_attached(attached, output):
    assert not copy_previous_output("another-kernel", output)
    assert not any(output.iterdir())


def test_an_output_without_checkpoints_is_named(attached, output, caplog):
    (attached / "checkpoints").rename(attached / "elsewhere")
    assert not copy_previous_output("landmark-training", output)
    assert f"{attached} holds no checkpoints; training starts from the beginning" in caplog.text


def test_a_copy_that_was_ended_is_begun_again(attached, output):
    (output / ".checkpoints.partial").mkdir()
    (output / ".checkpoints.partial" / "half").write_bytes(b"")
    assert copy_previous_output("landmark-training", output)
    assert [path.name for path in (output / "checkpoints").iterdir()] == ["step-000000004.npz"]
