import numpy as np

from landmarks.visualise import canvas, gap_chart

POINTS = [(True, 1.0), (False, 0.5), (True, 2 / 3)]


def test_each_answer_of_the_last_curve_has_a_mark_that_says_whether_it_is_right():
    sheet = gap_chart.draw({"retrieval": POINTS[:1], "verification": POINTS}, {"retrieval": "", "verification": ""})
    width = (gap_chart.RIGHT_PX - gap_chart.LEFT_PX) / 3
    y = canvas.MARGIN_PX + 2 * canvas.TITLE_PX + gap_chart.CHART_PX + 2 * gap_chart.MARK_PX - 2
    marks = [sheet.getpixel((round(gap_chart.LEFT_PX + (place + 0.5) * width), y)) for place in range(3)]
    assert marks == [canvas.RIGHT, canvas.WRONG, canvas.RIGHT]


def test_a_curve_passes_through_its_points():
    chart = np.asarray(gap_chart.draw({"retrieval": POINTS}, {"retrieval": ""}))
    top, width = canvas.MARGIN_PX + 2 * canvas.TITLE_PX, (gap_chart.RIGHT_PX - gap_chart.LEFT_PX) / 3
    for place, (_, precision) in enumerate(POINTS):
        x, y = gap_chart.LEFT_PX + (place + 0.5) * width, top + gap_chart.CHART_PX * (1 - precision)
        assert (chart[round(y) - 2 : round(y) + 3, round(x)] == canvas.FAINT).all(axis=1).any()
