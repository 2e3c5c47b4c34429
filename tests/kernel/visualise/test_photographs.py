import numpy as np

from landmarks.visualise import canvas, photographs
from landmarks.visualise.canvas import MARGIN_PX, TITLE_PX

LABELS = {"a0": "1", "b0": "2", "b1": "2", "c0": "3", "c1": "3", "c2": "3", "c3": "3", "d0": "1"}


def test_the_landmark_with_most_photographs_comes_first():
    assert photographs.group_by_landmark(LABELS) == {
        "3": ["c0", "c1", "c2", "c3"],
        "1": ["a0", "d0"],
        "2": ["b0", "b1"],
    }


def test_landmarks_that_fill_a_row_are_shown_missing_photographs_as_flat_tiles(tmp_path):
    sheet = photographs.draw_landmarks(tmp_path, photographs.group_by_landmark(LABELS))
    assert sheet.height == 2 * MARGIN_PX + photographs.ROW_PX - canvas.GAP_PX
    assert sheet.getpixel((MARGIN_PX + 50, MARGIN_PX + TITLE_PX + 50)) == canvas.FAINT


def test_sizes_are_bars_by_powers_of_two_from_the_smallest_there_is():
    chart = np.asarray(photographs.draw_class_sizes(photographs.group_by_landmark(LABELS)))
    bars = np.all(chart == canvas.NEUTRAL, axis=2)
    middles = [MARGIN_PX + (canvas.WIDTH_PX - 2 * MARGIN_PX) * place // 4 for place in (1, 3)]
    heights = [int(bars[:, middle].sum()) for middle in middles]  # two landmarks with 2 to 3, one with 4 to 7
    assert heights == [photographs.CHART_PX + 1, photographs.CHART_PX // 2 + 1]


def test_without_labels_there_is_a_chart_without_bars():
    chart = np.asarray(photographs.draw_class_sizes({}))
    assert not np.all(chart == canvas.NEUTRAL, axis=2).any()
