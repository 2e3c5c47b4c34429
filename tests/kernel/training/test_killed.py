"""Kill -9 at any moment: what goes on comes to the weights of a training that was never killed."""

import multiprocessing
import time

import h5py
import numpy as np
import pytest

from tests.kernel.training import small_training

pytestmark = pytest.mark.full
KILLS = 10
PROCESSES = multiprocessing.get_context("forkserver")  # tensorflow is imported once, and started in each
PROCESSES.set_forkserver_preload([small_training.__name__])


def begin(competition, folder):
    process = PROCESSES.Process(target=small_training.run, args=(competition, folder))
    process.start()
    return process


def weights(folder):
    values = {}
    with h5py.File(folder / "model.h5") as file:
        file.visititems(lambda name, item: values.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None)
    return values


@pytest.fixture(scope="module")
def competition(tmp_path_factory):
    return small_training.write_competition(tmp_path_factory.mktemp("competition"))


@pytest.fixture(scope="module")
def whole(competition, tmp_path_factory):
    """The folder of a training that nothing interrupts, and the seconds it took."""
    folder = tmp_path_factory.mktemp("whole")
    started = time.monotonic()
    process = begin(competition, folder)
    process.join()
    assert process.exitcode == 0
    return folder, time.monotonic() - started


def assert_equal(folder, whole):
    assert (folder / "steps.csv").read_text() == (whole / "steps.csv").read_text()
    assert (folder / "epochs.csv").read_text() == (whole / "epochs.csv").read_text()
    ours, theirs = weights(folder), weights(whole)
    assert ours.keys() == theirs.keys()
    for name, value in theirs.items():
        np.testing.assert_array_equal(ours[name], value, err_msg=name)


def test_two_trainings_under_one_seed_give_the_same_weights(competition, whole, tmp_path):
    process = begin(competition, tmp_path)
    process.join()
    assert process.exitcode == 0
    assert_equal(tmp_path, whole[0])


def test_a_training_that_is_killed_at_ten_moments_comes_to_the_same_weights(competition, whole, tmp_path):
    folder, seconds = whole
    for moment in np.random.default_rng().uniform(0, seconds, KILLS):
        process = begin(competition, tmp_path)
        process.join(moment)
        process.kill()
        process.join()
    process = begin(competition, tmp_path)
    process.join()
    assert process.exitcode == 0
    assert_equal(tmp_path, folder)
