"""The picture of a training, read back as the XML that it is."""

import math
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from landmarks.training import curves
from landmarks.training.curves import MOST_POINTS, Line, Panel, Stage, draw
from landmarks.training.logs import EpochRow, Logs, StepRow

SVG = "{http://www.w3.org/2000/svg}"
LOSS = Panel(title="loss", lines=[Line(name="training", points=[(0, 4.0), (1, 2.0), (2, 1.0)])])
JUDGED = Panel(
    title="validation",
    lines=[
        Line(name="GAP", points=[(1, 0.25), (2, 0.5)], is_marked=True),
        Line(name="top-1", points=[(1, 0.5), (2, 0.75)], is_marked=True),
    ],
    top=1.0,
)
STAGES = [Stage(start=0, name="64 px"), Stage(start=1, name="96 px")]


def parsed(panels, stages=()):
    return ET.fromstring(draw(panels, stages).svg)


def texts(picture):
    return ["".join(text.itertext()) for text in picture.iter(f"{SVG}text")]


def paths(picture):
    """Return the points of each line."""
    lines = (path.attrib["d"].removeprefix("M").split(" L") for path in picture.iter(f"{SVG}path"))
    return [[tuple(map(float, point.split())) for point in line] for line in lines]


def test_each_line_is_named_with_its_last_value():
    assert [text for text in texts(parsed([LOSS, JUDGED], STAGES)) if text[0] in "lv"] == [
        "losstraining 1",
        "validationGAP 0.5top-1 0.75",
    ]


def test_a_line_is_drawn_to_the_scale_of_its_panel():
    (line,) = paths(parsed([LOSS]))
    (x0, y0), (x1, y1), (x2, y2) = line
    assert (x0, x2) == (64.0, 740.0)
    assert x1 == (x0 + x2) / 2
    assert (y0, y1, y2) == (26 + 130 * 0.2, 26 + 130 * 0.6, 26 + 130 * 0.8)  # of a scale to 5


def test_where_a_stage_begins_is_marked_in_every_panel():
    picture = parsed([LOSS, JUDGED], STAGES)
    marks = [float(line.attrib["x1"]) for line in picture.iter(f"{SVG}line") if line.attrib["class"] == "stage"]
    assert marks == [64.0, 402.0, 64.0, 402.0]
    assert texts(picture).count("96 px") == 2


def test_a_value_that_is_not_finite_leaves_a_panel_without_it():
    broken = Panel(title="loss", lines=[Line(name="training", points=[(0, 1.0), (1, math.nan), (2, 0.5)])])
    (line,) = paths(parsed([broken]))
    assert len(line) == 2
    nothing = Panel(title="validation", lines=[Line(name="GAP", points=[(1, math.nan)])])
    picture = parsed([nothing, LOSS])
    assert len(paths(picture)) == 1
    assert picture.attrib["aria-label"] == "training: loss"


def test_nothing_to_show_yet_is_a_picture_too():
    assert parsed([], []).attrib["aria-label"] == "training: nothing yet"


def test_names_are_escaped():
    picture = parsed([Panel(title="<b>", lines=[Line(name='a"&', points=[(0, 1.0)])])], [Stage(start=0, name="<i>")])
    assert {'<b>a"& 1', "<i>"} <= set(texts(picture))


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=3 * MOST_POINTS))
def test_every_point_is_within_the_picture_and_of_many_there_are_few(values):
    panel = Panel(title="loss", lines=[Line(name="training", points=list(enumerate(values)))])
    (line,) = paths(parsed([panel]))
    assert len(line) <= MOST_POINTS
    assert all(64 <= x <= 740 and 26 <= y <= 156 for x, y in line)


def test_the_logs_of_a_folder_are_drawn_and_kept_for_the_report(tmp_path, monkeypatch):
    record = tmp_path / "record"
    monkeypatch.setenv("KERNELWRIGHT_RECORD", str(record))
    logs = Logs(tmp_path)
    logs.rewind(0)
    for epoch, size_px in enumerate((64, 64, 96), 1):
        logs.add_steps(
            [StepRow(total=epoch, stage=1, epoch=epoch, step=1, loss=1 / epoch, learning_rate=0.1, gradient_norm=1.0)]
        )
        logs.add_epoch(
            EpochRow(
                total=epoch, stage=1 + (size_px > 64), size_px=size_px, epoch=1, loss=1.0, gap=epoch / 4, top_1=1.0
            )
        )
    svg = curves.save_plot(tmp_path).svg
    assert (tmp_path / "curves.svg").read_text() == curves.gallery(record, tmp_path) == svg
    assert ">GAP 0.75<" in svg
    assert svg.count(">64 px<") == svg.count(">96 px<") == 3


def test_a_run_without_curves_shows_none(tmp_path):
    assert curves.gallery(tmp_path, tmp_path) == ""
