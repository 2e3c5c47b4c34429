import xml.etree.ElementTree as ET

from benchmarks import _figures, _page
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
