import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from landmarks.dataset import Photo
from landmarks.feature_store import FeatureStore, recipe
from landmarks.feature_types import NO_FEATURES, LocalFeatures
from landmarks.local_features import FeatureCache
from landmarks.settings import LocalSettings, RootSiftSettings
from tests.kernel.competition import save, scene

LOCAL = LocalSettings()
MINI = Path(__file__).parents[2] / "build" / "mini" / "landmark-recognition-2021"
RUN = """
import sys
from pathlib import Path
from landmarks.pipeline import recognise
from landmarks.settings import LocalSettings, Settings

settings = Settings(local=LocalSettings(store=sys.argv[2]))
*_, last = recognise(Path(sys.argv[1]), settings, queries=8, models=[])
print(last.rows())
"""
FEATURES = LocalFeatures(np.full((3, 2), 0.1, np.float32), np.full((3, 8), 0.2, np.float32), 0.3)


@pytest.fixture
def image(tmp_path):
    path = tmp_path / "image.jpg"
    path.write_bytes(b"content")
    return path


def never():
    raise AssertionError("described again")


def assert_same(features, expected):
    np.testing.assert_array_equal(features.keypoints, expected.keypoints)
    np.testing.assert_array_equal(features.descriptors, expected.descriptors)
    assert features.keypoints.dtype == features.descriptors.dtype == np.float32
    assert features.scale == expected.scale


@pytest.mark.parametrize("features", [FEATURES, NO_FEATURES])
def test_features_are_kept_between_runs_to_the_bit(tmp_path, image, features):
    FeatureStore(tmp_path / "store", 10**6)(image, "recipe", lambda: features)
    assert_same(FeatureStore(tmp_path / "store", 10**6)(image, "recipe", never), features)


def test_the_content_of_an_image_counts_and_not_its_name(tmp_path, image):
    store = FeatureStore(tmp_path / "store", 10**6)
    store(image, "recipe", lambda: FEATURES)
    assert_same(store(image.rename(tmp_path / "other.jpg"), "recipe", never), FEATURES)
    image.write_bytes(b"other content")
    assert store(image, "recipe", lambda: NO_FEATURES) is NO_FEATURES


def test_features_of_another_recipe_are_made_anew(tmp_path, image):
    store = FeatureStore(tmp_path / "store", 10**6)
    store(image, "recipe", lambda: FEATURES)
    assert store(image, "other recipe", lambda: NO_FEATURES) is NO_FEATURES


@pytest.mark.parametrize("at", [0, 40, 200, -30])
def test_a_damaged_or_torn_file_is_described_anew_and_replaced(tmp_path, image, at):
    store = FeatureStore(tmp_path / "store", 10**6)
    store(image, "recipe", lambda: FEATURES)
    (file,) = (tmp_path / "store").glob("*/*.npz")
    whole = file.read_bytes()
    for damaged in (whole[:at], whole[:at] + bytes([whole[at] ^ 255]) + whole[at:][1:]):
        file.write_bytes(damaged)
        assert_same(store(image, "recipe", lambda: FEATURES), FEATURES)
        assert_same(store(image, "recipe", never), FEATURES)


def test_what_raises_is_not_kept(tmp_path, image):
    store = FeatureStore(tmp_path / "store", 10**6)
    with pytest.raises(AssertionError, match="described again"):
        store(image, "recipe", never)
    assert store(image, "recipe", lambda: FEATURES) is FEATURES


def test_beyond_the_limit_the_longest_unused_are_removed_with_what_killed_runs_left(tmp_path, image):
    folder = tmp_path / "store"
    store, files = FeatureStore(folder, 10**6), []
    for number in range(3):
        store(image, f"recipe {number}", lambda: FEATURES)
        (file,) = {*folder.glob("*/*.npz")} - {*files}
        os.utime(file, (number, number))
        files.append(file)
    torn = files[0].with_name(f".{files[0].name}.1-2.part")
    torn.write_bytes(b"half")
    os.utime(torn, (0, 0))
    limited = FeatureStore(folder, int(3.5 * files[0].stat().st_size))
    assert_same(limited(image, "recipe 0", never), FEATURES)
    limited(image, "recipe 3", lambda: FEATURES)
    assert [path.exists() for path in (torn, *files)] == [False, True, False, True]
    assert_same(limited(image, "recipe 3", never), FEATURES)


def test_a_folder_that_cannot_be_written_is_named_once_and_nothing_else_changes(tmp_path, image, caplog):
    blocked = tmp_path / "store"
    blocked.write_text("a file")
    store = FeatureStore(blocked, 10**6)
    assert [store(image, recipe, lambda: FEATURES) for recipe in "ab"] == [FEATURES, FEATURES]
    (message,) = caplog.messages
    assert message.startswith("local features are no longer stored on disk: ")


def test_a_recipe_holds_all_that_decides_the_features():
    other = RootSiftSettings(max_features=7)
    recipes = [recipe(LOCAL), recipe(replace(LOCAL, rootsift=other)), recipe(replace(LOCAL, exif_rotation=True))]
    assert len({*recipes}) == 3
    assert recipe(replace(LOCAL, threads=1, cache_bytes=1, store_bytes=1)) == recipes[0]


def test_a_later_run_describes_no_image_again(tmp_path, monkeypatch):
    photo = Photo("0a00", save(tmp_path, "test", "0a00", scene(5)))
    local = replace(LOCAL, store=str(tmp_path / "store"))
    first = FeatureCache(local)
    fine, coarse = first(photo), FeatureCache(local)(photo, coarse=True)
    monkeypatch.setattr("landmarks.local_features.local_pixels", lambda *_, **__: never())
    assert_same(FeatureCache(local)(photo), fine)
    assert_same(FeatureCache(local)(photo, coarse=True), coarse)


def start(store):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen([sys.executable, "-c", RUN, MINI, store], env=environment, stdout=subprocess.PIPE)


@pytest.mark.full
def test_a_killed_run_goes_on_where_it_was_with_the_same_result(tmp_path):
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    run = start(killed)
    while len(kept := [*killed.glob("*/*.npz")]) < 20:
        assert run.poll() is None
        time.sleep(0.01)
    run.kill()
    run.wait()
    inodes = {path: path.stat().st_ino for path in kept}
    outputs = [start(store).communicate(timeout=300)[0] for store in (killed, whole)]
    assert outputs[0] == outputs[1] != b""
    assert {path: path.stat().st_ino for path in kept} == inodes
    assert {path.name for path in killed.glob("*/*.npz")} == {path.name for path in whole.glob("*/*.npz")}
