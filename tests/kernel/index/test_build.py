import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from landmarks import embedding, pipeline
from landmarks.dataset import image_path
from landmarks.embedding import Embedder
from landmarks.errors import WrongIndex
from landmarks.index import build, manifest, reading
from landmarks.index.__main__ import main
from landmarks.index.recipe import recipe
from landmarks.settings import B7, BEST, EmbeddingSettings, Settings
from tests.kernel import competition
from tests.kernel.competition import GALLERY

ROOT = Path(__file__).parents[3]
MINI = ROOT / "build" / "mini"
WEIGHTS = MINI / B7.slug
SETTINGS = Settings(models=(B7,), verify=False, embedding=EmbeddingSettings(batch=2))
EMBEDDING = build.Embedding(settings=SETTINGS, folders=(WEIGHTS,))


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("inputs")
    (folder / B7.slug).symlink_to(WEIGHTS)
    return competition.write(folder / "landmark-recognition-2021")


@pytest.fixture(scope="module")
def index(root):
    folder = root.parent / "index"
    build.build(root / "train", root / "train.csv", folder, EMBEDDING, rows=2)
    return folder


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def taken(index, gallery, **options):
    return reading.open_index(index, recipe(SETTINGS, [WEIGHTS]), gallery=gallery, labelled=GALLERY, **options)


@pytest.mark.full
def test_an_index_holds_every_image_with_its_label(index):
    assert [shard.rows for shard in manifest.read(index).shards] == [2, 2, 1]
    assert taken(index, GALLERY).labels == GALLERY
    names = [f"0000{number}.{kind}" for number in range(3) for kind in ("csv", "npy")]
    assert sorted(contents(index)) == [*names, "manifest.json"]


@pytest.mark.full
def test_an_image_that_cannot_be_read_or_embedded_is_left_out_and_the_index_holds_the_others(
    root, tmp_path, monkeypatch, caplog
):
    images = shutil.copytree(root / "train", tmp_path / "train")
    image_path(images.parent, "train", "0a01").write_bytes(b"")
    original = embedding.global_pixels

    def fail(path, **sizes):
        if path.stem == "2c00":
            raise MemoryError("no room")
        return original(path, **sizes)

    monkeypatch.setattr(embedding, "global_pixels", fail)
    build.build(images, root / "train.csv", tmp_path / "index", EMBEDDING, rows=2)
    assert [shard.rows for shard in manifest.read(tmp_path / "index").shards] == [1, 2, 0]
    assert [*taken(tmp_path / "index", GALLERY).labels] == ["0a00", "1b00", "1b01"]
    assert "2c00.jpg: MemoryError: no room" in caplog.text


@pytest.mark.full
def test_a_run_takes_its_own_gallery_and_what_train_csv_lacks_only_where_that_is_set(index):
    assert [*taken(index, {"1b00"}).labels] == ["1b00"]
    few = {"0a00": "11", "0a01": "11"}
    made_with = recipe(SETTINGS, [WEIGHTS])
    enlarged = reading.open_index(index, made_with, gallery={"0a00"}, labelled=few, enlarge=True)
    assert [*enlarged.labels] == ["0a00", "1b00", "1b01", "2c00"]
    assert enlarged.part.vectors[np.array([0])].shape == (1, enlarged.width)


@pytest.mark.full
def test_an_index_of_other_weights_or_settings_is_refused_by_key_and_values(index):
    other = {**recipe(SETTINGS, [WEIGHTS]), "jpeg_quality": 90}
    with pytest.raises(WrongIndex) as error:
        reading.open_index(index, other, gallery=GALLERY, labelled=GALLERY)
    assert str(error.value) == (
        f"{index}: an index of other weights or settings:\n  jpeg_quality: 100 in the index, 90 in the settings\n"
        "  build it again"
    )


def test_a_foreign_folder_is_named(tmp_path):
    with pytest.raises(WrongIndex, match=r"manifest.json: cannot be read .* attach a complete index"):
        manifest.read(tmp_path)
    (tmp_path / "manifest.json").write_text('{"format": 1, "plan": {}}')
    with pytest.raises(WrongIndex, match=r"not the manifest of an index \(KeyError\('shards'\)\)"):
        manifest.read(tmp_path)


@pytest.mark.full
def test_a_build_that_was_stopped_is_continued_to_the_same_bytes(root, index, monkeypatch):
    output = root.parent / "continued"
    written = []

    def stops(embedding, folder, tasks):
        written.append([task.number for task in tasks])
        workers = build.in_this_process(embedding, folder, tasks)
        yield next(workers)
        if len(written) == 1:
            raise KeyboardInterrupt
        yield from workers

    arguments = (root / "train", root / "train.csv", output, EMBEDDING)
    with pytest.raises(KeyboardInterrupt):
        build.build(*arguments, rows=2, workers=stops)
    with pytest.raises(
        WrongIndex, match=r"rows: 2 in the existing index, 3 in this call\n  remove it, or name another output"
    ):
        build.build(*arguments, rows=3)
    build.build(*arguments, rows=2, workers=stops)
    assert written == [[0, 1, 2], [1, 2]]
    assert contents(output) == contents(index)


@pytest.mark.full
def test_a_rerun_embeds_only_what_the_index_lacks_and_predicts_the_same(root, index, monkeypatch):
    monkeypatch.setenv("KERNELWRIGHT_INPUT", str(root.parent))
    competition.save(root, "train", "2c01", competition.view(competition.scene(33), seed=5))
    competition.table(root / "train.csv", ("id", "landmark_id"), [*GALLERY.items(), ("2c01", "33")])
    embedded = []
    original = Embedder._read
    monkeypatch.setattr(Embedder, "_read", lambda self, photo: (embedded.append(photo.id), original(self, photo))[1])
    (without,) = pipeline.recognise(root, SETTINGS)
    embedded.clear()
    (with_index,) = pipeline.recognise(root, replace(SETTINGS, index="index"))
    assert sorted(embedded) == ["2c01", *sorted(photo.id for photo in without.data.queries)]
    for query, neighbours in without.neighbours.items():
        same = with_index.neighbours[query]
        assert [near.label for near in same] == [near.label for near in neighbours]
        np.testing.assert_allclose([near.score for near in same], [near.score for near in neighbours], atol=1e-4)


@pytest.mark.full
def test_in_a_rerun_an_index_that_does_not_fit_is_not_used(root, index, monkeypatch, caplog):
    monkeypatch.setenv("KERNELWRIGHT_INPUT", str(root.parent))
    settings = replace(SETTINGS, index="index", embedding=EmbeddingSettings(jpeg_quality=90))
    with pytest.raises(WrongIndex, match="jpeg_quality: 100 in the index, 90 in the settings"):
        [*pipeline.recognise(root, settings)]
    (step,) = pipeline.recognise(root, settings, keep_going=True)
    assert len(step.predictions) == 3
    assert "the index is not used: " in caplog.text


@pytest.mark.full
def test_an_index_of_several_views_is_for_settings_of_these_views(root, tmp_path):
    asked = [*command(root, tmp_path / "index"), "--flip", "--zooms", "1", "1.25"]
    subprocess.run(asked, env=environment(), check=True)
    viewed = recipe(replace(SETTINGS, embedding=BEST.embedding), [WEIGHTS])
    assert reading.open_index(tmp_path / "index", viewed, gallery=GALLERY, labelled=GALLERY).labels == GALLERY
    with pytest.raises(WrongIndex, match="flip: True in the index, None in the settings"):
        taken(tmp_path / "index", GALLERY)


def test_a_zoom_that_would_shrink_is_refused(capsys):
    with pytest.raises(SystemExit):
        main(["build", "--zooms", "0.5"])
    assert "argument --zooms: 0.5 is not at least 1" in capsys.readouterr().err


def test_missing_weights_are_named(root, tmp_path, capsys):
    arguments = ["--images", str(root), "--labels", str(root / "train.csv"), "--output", str(tmp_path / "index")]
    assert main(["build", *arguments, "--weights", "nowhere.h5"]) == 1
    assert capsys.readouterr().err == (
        f"error: no such file: {Path.cwd() / 'nowhere.h5'}; name a weights file with --weights\n"
    )


@pytest.mark.full
def test_two_workers_of_which_one_is_killed_make_the_same_bytes_as_one_process(tmp_path):
    pytest.importorskip("ray", reason="the extra scale is not installed")
    source = MINI / "landmark-recognition-2021"
    alone, together = ([*command(source, tmp_path / name)] for name in ("alone", "together"))
    subprocess.run(alone, env=environment(), check=True)
    process = subprocess.Popen([*together, "--workers", "2"], env=environment())
    unfinished = tmp_path / "together.unfinished"
    while process.poll() is None and not [*unfinished.glob("0*.npy")]:
        time.sleep(0.05)
    killed = kill_a_worker(process.pid)
    assert process.wait() == 0
    assert killed
    assert contents(tmp_path / "together") == contents(tmp_path / "alone")


def command(source, output):
    weights = WEIGHTS / B7.file
    yield from [sys.executable, "-m", "landmarks.index", "build", "--images", source / "train"]
    yield from ["--labels", source / "train.csv", "--weights", weights, "--output", output]
    yield from ["--rows", "8", "--batch", "4"]


def environment():
    return {**os.environ, "PYTHONPATH": f"{ROOT / 'kernel_src'}:{ROOT}"}


def kill_a_worker(pid):
    import psutil

    for child in psutil.Process(pid).children(recursive=True):
        if "MapWorker" in " ".join(child.cmdline()):
            child.send_signal(signal.SIGKILL)
            return child.pid
    return None
