import csv
import sys
import xml.etree.ElementTree as ET
from types import SimpleNamespace

import pytest

from benchmarks import __main__ as program
from benchmarks import _figures, _page, ablation
from benchmarks._figures import Figure


def test_figures_are_read_as_they_were_saved(tmp_path):
    figures = [Figure(name="build", seconds=0.4, target=0.3, peers={"jupytext": 0.8}), Figure(name="help", seconds=0.1)]
    _figures.save(tmp_path / "kept" / "build.json", figures)
    assert _figures.load(tmp_path / "kept" / "build.json") == figures


def test_a_figure_is_compared_in_units_of_its_peer_which_the_machine_slows_as_well():
    before = [Figure(name="build", seconds=1.0, peers={"jupytext": 2.0}), Figure(name="help", seconds=1.0)]
    now = [
        Figure(name="build", seconds=2.0, peers={"jupytext": 4.0}),
        Figure(name="help", seconds=1.2),
        Figure(name="new", seconds=9.0),
    ]
    assert list(_figures.compare(before, now)) == [
        ("same  build: 1.00 times as long as before, in units of jupytext", False),
        ("LOSS  help: 1.20 times as long as before", True),
    ]


def test_targets_are_met_or_missed():
    figures = [
        Figure(name="a", seconds=1, target=1),
        Figure(name="b", seconds=2, target=1),
        Figure(name="c", seconds=3),
    ]
    assert [line.split()[0] for line in _figures.judged(figures)] == ["met", "MISSED"]


def test_the_page_shows_each_figure_with_its_target_and_peers(tmp_path):
    figures = [Figure(name="a < b", seconds=2, target=1, peers={"peer": 3.0}), Figure(name="c", seconds=0.01)]
    _figures.save(tmp_path / "kept" / "build.json", figures)
    _figures.save(tmp_path / "kept" / "empty.json", [])
    _page.write(tmp_path / "kept", tmp_path / "page.md")
    page, plot = ((tmp_path / name).read_text() for name in ("page.md", "page.svg"))
    assert "| a < b | 2.00 s | 1.00 s | missed | peer 3.00 s (1.50) |\n| c | 10.0 ms |  |  |  |\n" in page
    assert "## empty" not in page
    assert "a &lt; b" in plot
    assert ">0.50<" in plot
    assert ET.fromstring(plot).tag.endswith("svg")


def rows(path):
    with path.open(newline="") as file:
        return [*csv.reader(file)][1:]


def test_the_long_tail_keeps_fewer_and_fewer_train_images_and_asks_for_the_others(tmp_path):
    mini, folder = tmp_path / "mini", tmp_path / "tailed"
    named = [(f"{landmark:x}{number:015x}", str(landmark)) for landmark in range(12) for number in range(8)]
    for image_id, _ in named:
        path = mini.joinpath("train", *image_id[:3], f"{image_id}.jpg")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    (mini / "train.csv").write_text("id,landmark_id\n" + "".join(f"{name},{label}\n" for name, label in named))
    (mini / "truth.csv").write_text("id,landmarks\nffff,\n")
    ablation.write_long_tail(mini, folder)
    counts = [sum(label == str(landmark) for _, label in rows(folder / "train.csv")) for landmark in range(12)]
    assert sorted(counts, reverse=True) == list(ablation.KEPT)
    assert {path.stem for path in (folder / "test").rglob("*.jpg")} == {
        name for name, _ in rows(folder / "truth.csv")
    } - {"ffff"}
    assert {path.stem for path in (folder / "train").rglob("*.jpg")} == {name for name, _ in rows(folder / "train.csv")}


def test_a_row_of_the_ablation_is_mean_and_standard_deviation_over_the_seeds():
    runs = [ablation.Outcome(gap=gap, top_1=0.5, seconds=30.0) for gap in (0.5, 0.6, 0.7)]
    assert ablation.table({"ArcFace": runs})[2:] == ["| ArcFace | 0.600 ± 0.100 | 0.500 ± 0.000 | 30 s |"]


@pytest.mark.parametrize(
    ("seconds", "status", "word"), [(1.11, 1, "LOSS"), (1.09, 0, "same"), (0.89, 0, "gain")], ids=str
)
def test_a_loss_over_a_tenth_is_flagged_and_the_new_figures_are_kept(
    seconds, status, word, tmp_path, monkeypatch, capsys
):
    _figures.save(tmp_path / "earlier" / "toy.json", [Figure(name="a", seconds=1.0)])
    now = [Figure(name="a", seconds=seconds)]
    monkeypatch.setitem(sys.modules, "benchmarks.toy", SimpleNamespace(main=lambda: now))
    monkeypatch.setattr(program, "ALL", ["toy"])
    monkeypatch.setattr(program, "KEPT", tmp_path / "kept")
    monkeypatch.setattr(sys, "argv", ["benchmarks", "--compare", str(tmp_path / "earlier")])
    assert program.main() == status
    assert f"{word}  a: {seconds:.2f} times as long as before" in capsys.readouterr().out.splitlines()
    assert _figures.load(tmp_path / "kept" / "toy.json") == now
