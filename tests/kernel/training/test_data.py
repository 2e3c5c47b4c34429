"""Batches: pixels as at inference, and every byte a function of seed, epoch and position."""

from dataclasses import replace

import numpy as np
import pytest

from landmarks.errors import UnreadableImage
from landmarks.images import global_pixels
from landmarks.settings import NetworkSettings
from landmarks.training import AugmentationSettings, StageSettings, TrainingSettings
from landmarks.training.data import Batches, Images, load_training_data
from landmarks.training.settings import DataSettings
from tests.kernel import competition

NETWORK = NetworkSettings(resize_px=24, input_px=32)
STAGE = StageSettings(size_px=32, epochs=1, batch=2)
NONE = AugmentationSettings(min_crop=1.0, brightness=0, contrast=0, colour=0, noise=0, occlusion=0)
PLAIN = TrainingSettings(stages=(STAGE,), augmentation=NONE)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return competition.write(tmp_path_factory.mktemp("competition"), shape=(60, 80))


@pytest.fixture
def loaded(folder):
    return load_training_data(folder, NETWORK, PLAIN)


def drawn(batches, epoch=0, first_step=0, stage=STAGE):
    """Images and labels of an epoch, batch after batch."""
    return [
        (images.numpy(), labels.numpy())
        for (images, fed), labels in batches.dataset(stage, epoch, first_step)
        if (fed == labels).numpy().all()
    ]


def same(first, second):
    return len(first) == len(second) and all(
        np.array_equal(image, other) and np.array_equal(label, other_label)
        for (image, label), (other, other_label) in zip(first, second, strict=True)
    )


def test_an_epoch_shows_each_image_as_inference_computes_it_with_its_label(folder, loaded):
    examples, images = loaded
    pixels = [global_pixels(examples.photo(index).path, resize_px=24, input_px=32) for index in range(5)]
    batches = drawn(Batches(examples, images, PLAIN))
    assert [len(labels) for _, labels in batches] == [2, 2, 2]
    shown = []
    for image, label in ((image, label) for batch in batches for image, label in zip(*batch, strict=True)):
        distances = [np.abs(image - other).max() for other in pixels]
        shown.append(int(np.argmin(distances)))
        assert min(distances) < 1e-5  # a crop of everything interpolates anew
        assert examples.labels[shown[-1]] == label
    assert sorted(shown[:5]) == [0, 1, 2, 3, 4]
    assert shown[5] == shown[0]  # the last batch is filled up from the start


@pytest.mark.parametrize("size_px", [16, 24, 32])
def test_pixels_are_those_of_inference_at_the_size_of_the_stage(loaded, size_px):
    examples, images = loaded
    path = examples.photo(0).path
    expected = global_pixels(path, resize_px=min(24, size_px), input_px=size_px)
    for _ in range(2):  # read, then kept
        np.testing.assert_array_equal(images.pixels(path, size_px), expected)


def test_batches_repeat_themselves_and_go_on_from_any_step(loaded):
    training = replace(PLAIN, augmentation=AugmentationSettings(), balance=0.5)
    whole = drawn(Batches(*loaded, training), epoch=3)
    again = Batches(*loaded, training)
    for first_step in (0, 1, 2, 3):
        assert same(drawn(again, 3, first_step), whole[first_step:])
    assert not same(drawn(again, epoch=4), whole)
    assert not same(drawn(Batches(*loaded, replace(training, seed=7)), epoch=3), whole)


def test_batches_are_full_and_make_whole_steps(loaded):
    batches = Batches(*loaded, replace(PLAIN, accumulate=2))
    assert batches.steps_per_epoch(STAGE) == 4
    assert [len(labels) for _, labels in drawn(batches)] == [2, 2, 2, 2]
    assert batches.steps_per_epoch(replace(STAGE, batch=16)) == 2


def test_an_image_that_becomes_unreadable_gives_its_place_to_the_next(tmp_path, caplog):
    root = competition.write(tmp_path, shape=(60, 80))
    uncached = replace(PLAIN, data=DataSettings(cache_bytes=0))
    examples, images = load_training_data(root, NETWORK, uncached)
    before = np.concatenate([labels for _, labels in drawn(Batches(examples, images, uncached))])
    single = examples.photo(int(np.flatnonzero(examples.labels == 2)[0])).path
    single.write_bytes(b"no image")
    after = [labels for _, labels in drawn(Batches(examples, images, uncached))]
    place = int(np.flatnonzero(before == 2)[0])
    expected = before.copy()
    expected[before == 2] = before[(place + 1) % 6]
    assert np.concatenate(after).tolist() == expected.tolist()
    assert caplog.messages == [f"replaced by the next image: {single}: unreadable image; replace the file"]


class TestCache:
    def read(self, images, path):
        images.pixels(path, 32)
        path.unlink()
        return images

    @pytest.fixture
    def path(self, tmp_path):
        root = competition.write(tmp_path / "competition", shape=(60, 80))
        return next((root / "train").rglob("*.jpg"))

    def test_memory_keeps_what_fits(self, path):
        images = self.read(Images(NETWORK, DataSettings()), path)
        images.pixels(path, 32)
        with pytest.raises(UnreadableImage):
            images.pixels(path, 16)

    def test_nothing_is_kept_where_nothing_fits(self, path):
        images = self.read(Images(NETWORK, DataSettings(cache_bytes=0)), path)
        with pytest.raises(UnreadableImage):
            images.pixels(path, 32)

    def test_a_folder_keeps_the_rest_from_run_to_run(self, path, tmp_path):
        settings = DataSettings(cache_bytes=0, cache_folder=tmp_path / "cache")
        kept = self.read(Images(NETWORK, settings), path).pixels(path, 32)
        np.testing.assert_array_equal(Images(NETWORK, settings).pixels(path, 32), kept)

    def test_a_folder_that_cannot_be_written_is_said_once(self, path, tmp_path, caplog):
        (tmp_path / "cache").touch()
        images = Images(NETWORK, DataSettings(cache_bytes=0, cache_folder=tmp_path / "cache"))
        for size_px in (16, 32):
            images.pixels(path, size_px)
        (message,) = caplog.messages
        assert message.endswith("cannot be written (Not a directory); further images are read again each epoch")
