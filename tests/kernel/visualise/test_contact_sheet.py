from landmarks.visualise import canvas, contact_sheet
from landmarks.visualise.canvas import GAP_PX, MARGIN_PX, TILE_PX
from tests.kernel import competition


def frames(sheet):
    """The colour of each tile's upper left corner, row by row."""
    rows = (sheet.height - 2 * MARGIN_PX + GAP_PX) // contact_sheet.ROW_PX
    places = [
        [(MARGIN_PX + x * (TILE_PX[0] + GAP_PX), MARGIN_PX + y * contact_sheet.ROW_PX) for x in range(canvas.COLUMNS)]
        for y in range(rows)
    ]
    return [[sheet.getpixel(place) for place in row] for row in places]


def test_a_row_is_a_query_and_its_neighbours_those_of_the_predicted_label_framed(steps):
    step = steps[-1]
    queries = contact_sheet.highest_scores_first(step)
    shown = frames(contact_sheet.draw(step, queries))
    assert len(shown) == len(queries) == 3
    for row, query in zip(shown, queries, strict=True):
        labels = [neighbour.label for neighbour in step.neighbours[query][:3]]
        framed = [canvas.NEUTRAL if label == step.predictions[query.id].label else canvas.MAT for label in labels]
        assert row == [canvas.MAT, *framed, *[canvas.PAPER] * (3 - len(labels))]


def test_where_the_truth_is_known_right_and_wrong_are_told_apart(steps):
    queries = contact_sheet.highest_scores_first(steps[-1])
    truth = {image_id: [label] for image_id, label in competition.QUERIES.items()}
    assert [row[1] for row in frames(contact_sheet.draw(steps[-1], queries, truth))] == [canvas.RIGHT] * 3
    assert [row[1] for row in frames(contact_sheet.draw(steps[-1], queries, {}))] == [canvas.WRONG] * 3


def test_few_queries_are_spread_from_the_surest_to_the_least_sure(steps):
    surest = contact_sheet.highest_scores_first(steps[-1])
    scores = [steps[-1].predictions[query.id].score for query in surest]
    assert scores == sorted(scores, reverse=True)
    assert contact_sheet.sample_evenly(surest, 2) == [surest[0], surest[-1]]
    assert contact_sheet.sample_evenly(surest, 9) == surest
