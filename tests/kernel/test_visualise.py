import numpy as np
import pytest
from PIL import Image

from landmarks import pipeline, visualise
from landmarks.local_features import FeatureCache
from landmarks.results import Step
from landmarks.settings import LocalSettings, RootSiftSettings, Settings
from tests.kernel import competition

SETTINGS = Settings(models=(), local=LocalSettings(rootsift=RootSiftSettings(longer_side_px=320, max_features=600)))
SIZE = (visualise.TILE_PX[0] + visualise.GAP_PX, visualise.TILE_PX[1] + visualise.CAPTION_PX + visualise.GAP_PX)


@pytest.fixture(scope="module")
def step(tmp_path_factory):
    root = competition.write(tmp_path_factory.mktemp("competition"))
    return [*pipeline.recognise(root, SETTINGS, models=[])][-1]


def frames(sheet):
    """The colour of each tile's upper left corner, row by row."""
    columns = (sheet.width - 2 * visualise.MARGIN_PX + visualise.GAP_PX) // SIZE[0]
    rows = (sheet.height - 2 * visualise.MARGIN_PX + visualise.GAP_PX) // SIZE[1]
    corners = [
        [(visualise.MARGIN_PX + x * SIZE[0], visualise.MARGIN_PX + y * SIZE[1]) for x in range(columns)]
        for y in range(rows)
    ]
    return [[sheet.getpixel(corner) for corner in row] for row in corners]


def test_a_row_is_a_query_and_its_neighbours_those_of_the_predicted_label_framed(step):
    shown = frames(visualise.contact_sheet(step, queries=3, neighbours=2))
    assert len(shown) == 3
    for row, query in zip(shown, visualise._surest_first(step), strict=True):
        labels = [one.label for one in step.neighbours[query][:2]]
        framed = [visualise.NEUTRAL if one == step.predictions[query.id].label else visualise.MAT for one in labels]
        assert row == [visualise.MAT, *framed, *[visualise.PAPER] * (2 - len(labels))]


def test_where_the_truth_is_known_right_and_wrong_are_told_apart(step):
    right = visualise.contact_sheet(
        step, neighbours=1, truth={one: [label] for one, label in competition.QUERIES.items()}
    )
    assert [row[1] for row in frames(right)] == [visualise.RIGHT] * 3
    wrong = visualise.contact_sheet(step, neighbours=1, truth={})
    assert [row[1] for row in frames(wrong)] == [visualise.WRONG] * 3


def test_few_queries_are_spread_from_the_surest_to_the_least_sure(step):
    surest = visualise._surest_first(step)
    assert visualise._spread(surest, 2) == [surest[0], surest[-1]]
    assert visualise._spread(surest, 9) == surest


def test_without_anything_to_show_the_picture_says_so(step):
    empty = Step(name="retrieval", data=step.data, neighbours={}, predictions={})
    assert np.asarray(visualise.contact_sheet(empty)).min() < 200


def test_a_photo_that_cannot_be_read_is_a_flat_tile(tmp_path):
    tile = visualise._photograph(pipeline.Photo("a", tmp_path / "a.jpg"), (20, 10))
    assert (tile.size, tile.getcolors()) == ((20, 10), [(200, visualise.FAINT)])


def test_matches_are_drawn_between_the_same_places_of_both_images(step):
    query = step.data.queries[0]
    features = (FeatureCache(SETTINGS.local)(query),) * 2
    rows = np.arange(len(features[0].keypoints))[:1]
    sheet = visualise.matches(query, query, features, np.stack([rows, rows], axis=1))
    ink = np.all(np.asarray(sheet) == visualise.RIGHT, axis=2)
    y, x = features[0].keypoints[0] / features[0].scale
    zoom = 2 * visualise.TILE_PX[0] / Image.open(query.path).width
    assert ink[round(visualise.MARGIN_PX + y * zoom), round(visualise.MARGIN_PX + x * zoom)]
    assert sheet.size == (
        2 * (2 * visualise.TILE_PX[0] + visualise.MARGIN_PX) + visualise.GAP_PX,
        2 * (visualise.TILE_PX[1] + visualise.MARGIN_PX),
    )


def test_without_time_the_picture_says_so(step):
    sheet, note = visualise.contact_sheet(step, until=1.0), visualise._note("No time is left for a picture.")
    np.testing.assert_array_equal(np.asarray(sheet), np.asarray(note))
