import json
import re

import numpy as np
import pytest
from PIL import Image

from landmarks import gallery, gap, records
from landmarks.dataset import Photo, image_path
from landmarks.feature_types import LocalFeatures
from landmarks.ranking import Neighbour, Prediction
from landmarks.results import Data, Step
from landmarks.verification import Inliers

EVIL = '<b onclick="x">&'


def query(name, label, score, neighbours=()):
    prediction = {"label": label, "score": score} if label else None
    return {"id": name, "prediction": prediction, "neighbours": list(neighbours)}


TRUTH = {"sure": ("7",), "wrong": ("7",), "none": (), "missed": ("7",), "weak": ("7",), "empty": ()}
QUERIES = [
    query("sure", "7", 2.0),
    query("weak", "7", 0.1),
    query("wrong", "8", 1.0),
    query("none", "8", 1.5),
    query("missed", None, 0),
    query("empty", None, 0),
]


def test_the_worst_mistakes_come_first():
    order = [one["id"] for one in gallery.worst_first(QUERIES, TRUTH)]
    assert order == ["none", "wrong", "missed", "weak", "sure", "empty"]
    assert [gallery.judge(one, TRUTH) for one in QUERIES] == ["right", "right", "wrong", "wrong", "missed", "none"]


def test_the_curve_is_the_precision_that_gap_averages():
    points = gallery.curve(QUERIES, TRUTH)
    assert points == [(True, 1.0), (False, 1 / 2), (False, 1 / 3), (True, 2 / 4)]
    listed = [(q["id"], q["prediction"]["label"], q["prediction"]["score"]) for q in QUERIES if q["prediction"]]
    shown = sum(1 for labels in TRUTH.values() if labels)
    assert sum(value for right, value in points if right) / shown == gap.global_average_precision(listed, TRUTH)


@pytest.fixture
def competition(tmp_path):
    """An input folder with one query and two gallery images, one of them unreadable."""
    root = tmp_path / "input" / "landmark-recognition-2021"
    for split, name, size in (("test", "abc", (300, 200)), ("train", "def", (100, 400))):
        path = image_path(root, split, name)
        path.parent.mkdir(parents=True)
        Image.new("RGB", size, (200, 30, 30)).save(path)
    broken = image_path(root, "train", "ghi")
    broken.parent.mkdir(parents=True)
    broken.write_text("no image")
    (root / "truth.csv").write_text(f'id,landmarks\nabc,"{EVIL[:2]}"\n')
    return root.parent


@pytest.fixture
def step():
    """What the pipeline yields of that input."""
    photo = Photo("abc", None)
    neighbours = [Neighbour("def", EVIL, 1.9), Neighbour("ghi", "7", 0.5)]
    data = Data(queries=[photo], gallery=[], labels={}, ids=["abc"])
    return Step(
        name="retrieval",
        data=data,
        neighbours={photo: neighbours},
        predictions={"abc": Prediction(EVIL, np.float64(1.9))},
    )


@pytest.fixture
def record(tmp_path, monkeypatch):
    """The record folder, in use."""
    folder = tmp_path / "record"
    monkeypatch.setenv("KERNELWRIGHT_RECORD", str(folder))
    return folder


def noted(step, scale=2.0):
    points = LocalFeatures(np.float32([[20, 40], [200, 300]]), np.zeros((2, 4), np.float32), scale)
    matches, mask = np.array([[0, 0], [1, 1]]), np.array([True, False])
    records.save_step(step)
    records.save_matches(step.data.queries[0], ["def"], [(points, points)], [(matches, Inliers(1, mask))])


def test_a_record_holds_neighbours_and_matches_in_pixels_of_the_stored_image(record, step):
    noted(step)
    assert json.loads((record / "retrieval.json").read_text())["queries"][0]["prediction"] == {
        "label": EVIL,
        "score": 1.9,
    }
    assert json.loads((record / "matches" / "abc.json").read_text()) == {
        "def": {"matches": 2, "inliers": 1, "lines": [[10.0, 20.0, 10.0, 20.0]]}
    }


def test_without_a_record_folder_nothing_is_written(step, tmp_path, monkeypatch):
    monkeypatch.delenv("KERNELWRIGHT_RECORD", raising=False)
    monkeypatch.chdir(tmp_path)
    noted(step)
    assert not any(tmp_path.iterdir())


def test_the_gallery_shows_neighbours_lines_and_scores_and_escapes_labels(record, step, competition):
    noted(step)
    html = gallery.gallery(record, competition)
    assert "<b onclick" not in html
    assert html.count("&lt;b onclick=&quot;x&quot;&gt;&amp;") == 2
    assert "1 of 2 matches are inliers" in html
    assert "score 1.900" in html
    # The query is 300x200, drawn 220 wide; the other 100x400, drawn 165 high.
    assert '<line class="line" x1="14.7" y1="16.5" x2="329.6" y2="4.1"/>' in html


def test_each_photograph_is_in_the_page_once_and_an_unreadable_one_is_a_blank(record, step, competition):
    noted(step)
    html = gallery.gallery(record, competition)
    assert len(re.findall(r'href="data:image/jpeg;base64,', html)) == 2
    assert html.count('href="#photo-0"') == 2
    assert 'href="#photo-2"' not in html


def test_without_truth_nothing_is_judged(record, step, competition):
    noted(step)
    (competition / "landmark-recognition-2021" / "truth.csv").unlink()
    html = gallery.gallery(record, competition)
    assert "1 without true labels" in html
    assert 'class="gap"' not in html


def test_a_run_that_recorded_no_step_has_no_gallery(tmp_path, competition):
    assert gallery.gallery(tmp_path, competition) == ""


def test_reading_the_records_needs_no_tensorflow():
    import subprocess
    import sys
    from pathlib import Path

    source = "import sys; import landmarks.gallery; sys.exit('tensorflow' in sys.modules)"
    tree = Path(__file__).parents[2] / "kernel_src"
    assert subprocess.run([sys.executable, "-c", source], cwd=tree, check=False).returncode == 0
