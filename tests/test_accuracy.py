"""The bed of `benchmarks.accuracy`: what it is made of, and how gains on it are judged."""

import json
from collections import Counter
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.accuracy import __main__ as measuring
from benchmarks.accuracy import bed
from benchmarks.accuracy.gains import Answers, gap, p_value
from landmarks.gap import global_average_precision


def test_the_bed_has_the_images_that_it_promises():
    shots = bed.shots()
    roles = Counter(shot.role for shot in shots)
    assert roles == {"gallery": 3000, "validation": 400, "test": 400, "non-landmarks": 480}
    assert len({shot.id for shot in shots}) == len(shots)
    sizes = Counter(shot.landmark for shot in shots if shot.role == "gallery")
    assert sum(size > 1 for size in sizes.values()) == 72
    assert sum(size == 1 for size in sizes.values()) == 150
    for part in bed.PARTS:
        assert sum(shot.landmark is None for shot in shots if shot.role == part) == 134


def test_what_shows_no_landmark_is_another_thing_in_each_part_and_none_of_the_gallery():
    scenes = {role: set() for role in (*bed.PARTS, "non-landmarks", "gallery")}
    for shot in bed.shots():
        if shot.landmark is None or (shot.role == "gallery" and shot.scene.kind not in ("clutter", "crowd", "photo")):
            scenes[shot.role].add(shot.scene)
    parts = [scenes[role] for role in (*bed.PARTS, "non-landmarks")]
    assert len(set.union(*parts)) == sum(map(len, parts))
    assert not set.union(*parts) & scenes["gallery"]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([-np.inf, 0.1, 0.2, 0.3]), st.booleans()), min_size=1, max_size=12))
def test_the_gap_of_arrays_is_the_metric_of_the_competition(answers):
    scores, right = (np.array(column) for column in zip(*answers, strict=True))
    truth = {f"{place:03}": ("1",) for place in range(len(answers))}
    predictions = [
        (f"{place:03}", "1" if hit else "0", float(score))
        for place, (score, hit) in enumerate(answers)
        if not np.isneginf(score)
    ]
    assert gap(scores, right, len(answers)) == pytest.approx(global_average_precision(predictions, truth))


def answers(rng, share):
    right = rng.random(200) < share
    return Answers(scores=rng.normal(size=200) + right, right=right, shown=150)


def test_a_large_gain_is_unlikely_by_chance_and_none_is_not():
    rng = np.random.default_rng(5)
    worse = [answers(rng, 0.4) for _ in range(2)]
    better = [answers(rng, 0.7) for _ in range(2)]
    assert p_value(better, worse, resamples=99) == pytest.approx(1 / 100)
    assert p_value(worse, better, resamples=99) > 0.9
    assert p_value(worse, worse, resamples=99) == 1.0


@pytest.mark.full
def test_a_small_bed_is_measured_from_photographs_to_the_table(tmp_path, monkeypatch, capsys):
    """Drawn embeddings stand for those of networks: landmarks lie apart, what shows none lies anywhere."""
    for name, value in {"GALLERY": 400, "QUERIES": 48, "NONE": 16, "NON_LANDMARKS": 24}.items():
        monkeypatch.setattr(bed, name, value)
    monkeypatch.setattr(measuring, "FOLDER", tmp_path)
    monkeypatch.setattr(measuring, "RESAMPLES", 49)
    monkeypatch.setattr(measuring, "RESULTS", tmp_path / "gains.json")
    monkeypatch.setattr(measuring, "PLOT", tmp_path / "gains.svg")
    monkeypatch.setattr("benchmarks.accuracy.networks.trained", lambda *_: None)
    monkeypatch.setattr("sys.argv", ["accuracy", "1", "2"])
    bed.write(tmp_path / "bed")
    shots = bed.read(tmp_path / "bed")
    assert len(shots) == 400 + 2 * 48 + 24
    assert all((tmp_path / "bed" / shot.path).is_file() for shot in shots)
    for seed in (1, 2, 3):  # an ensemble of three goes with each of them
        rng = np.random.default_rng(seed)
        centres = {shot.landmark: rng.normal(size=16) for shot in shots if shot.landmark is not None}
        vectors = [centres.get(shot.landmark, 0) + rng.normal(0, 0.8, 16) for shot in shots]
        (tmp_path / f"network-{seed}").mkdir()
        for views in ("plain", "flip", "zoom", "flip, zoom"):
            file = tmp_path / f"network-{seed}" / f"{views}.npz"
            np.savez(file, ids=[shot.id for shot in shots], vectors=np.array(vectors, np.float32))
    measuring.main()
    results = json.loads((tmp_path / "gains.json").read_text())
    gains = {row["name"]: row for row in results["gains"]}
    assert gains["SEED"]["gain"] == 0
    assert gains["BEST"]["validation"] >= 0
    assert gains["BEST, fitted"]["validation"] >= gains["BEST"]["validation"]
    assert gains["mirrored view"]["gain"] == 0
    assert gains["mirrored view"]["p"] == 1.0
    assert gains["SEED"]["pairs"] == 3.0
    assert gains["20 candidates"]["pairs"] == 20.0
    assert gains["BEST, stop at 15 inliers"]["pairs"] <= gains["BEST, stop at 30 inliers"]["pairs"]
    assert gains["BEST, three networks"]["gap"] > 0
    assert "| 20 candidates | " in capsys.readouterr().out
    drawn = ET.fromstring((tmp_path / "gains.svg").read_text())
    assert len(drawn.findall("{http://www.w3.org/2000/svg}rect")) == 1 + len(gains)
