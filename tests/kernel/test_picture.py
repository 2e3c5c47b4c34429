import numpy as np
import pytest
from PIL import Image

from landmarks import picture, pipeline
from landmarks.local_features import FeatureCache
from landmarks.settings import Settings
from landmarks.steps import Step
from tests.kernel import competition

SETTINGS = Settings(models=())
SIZE = (picture.TILE_PX[0] + picture.GAP_PX, picture.TILE_PX[1] + picture.CAPTION_PX + picture.GAP_PX)


@pytest.fixture(scope="module")
def step(tmp_path_factory):
    root = competition.write(tmp_path_factory.mktemp("competition"))
    return [*pipeline.recognise(root, SETTINGS, models=[])][-1]


def frames(sheet):
    """The colour of each tile's upper left corner, row by row."""
    columns = (sheet.width - 2 * picture.MARGIN_PX + picture.GAP_PX) // SIZE[0]
    rows = (sheet.height - 2 * picture.MARGIN_PX + picture.GAP_PX) // SIZE[1]
    corners = [
        [(picture.MARGIN_PX + x * SIZE[0], picture.MARGIN_PX + y * SIZE[1]) for x in range(columns)]
        for y in range(rows)
    ]
    return [[sheet.getpixel(corner) for corner in row] for row in corners]


def test_a_row_is_a_query_and_its_neighbours_those_of_the_predicted_label_framed(step):
    shown = frames(picture.contact_sheet(step, queries=3, neighbours=2))
    assert len(shown) == 3
    for row, query in zip(shown, picture._surest_first(step), strict=True):
        labels = [one.label for one in step.neighbours[query][:2]]
        framed = [picture.NEUTRAL if one == step.predictions[query.id].label else picture.MAT for one in labels]
        assert row == [picture.MAT, *framed, *[picture.PAPER] * (2 - len(labels))]


def test_where_the_truth_is_known_right_and_wrong_are_told_apart(step):
    right = picture.contact_sheet(
        step, neighbours=1, truth={one: [label] for one, label in competition.QUERIES.items()}
    )
    assert [row[1] for row in frames(right)] == [picture.RIGHT] * 3
    wrong = picture.contact_sheet(step, neighbours=1, truth={})
    assert [row[1] for row in frames(wrong)] == [picture.WRONG] * 3


def test_few_queries_are_spread_from_the_surest_to_the_least_sure(step):
    surest = picture._surest_first(step)
    assert picture._spread(surest, 2) == [surest[0], surest[-1]]
    assert picture._spread(surest, 9) == surest


def test_without_anything_to_show_the_picture_says_so(step):
    empty = Step(name="retrieval", data=step.data, neighbours={}, predictions={})
    assert np.asarray(picture.contact_sheet(empty)).min() < 200


def test_a_photo_that_cannot_be_read_is_a_flat_tile(tmp_path):
    tile = picture._photograph(pipeline.Photo("a", tmp_path / "a.jpg"), (20, 10))
    assert (tile.size, tile.getcolors()) == ((20, 10), [(200, picture.FAINT)])


def test_matches_are_drawn_between_the_same_places_of_both_images(step):
    query = step.data.queries[0]
    features = (FeatureCache(SETTINGS.local)(query),) * 2
    rows = np.arange(len(features[0].keypoints))[:1]
    sheet = picture.matches(query, query, features, np.stack([rows, rows], axis=1))
    ink = np.all(np.asarray(sheet) == picture.RIGHT, axis=2)
    y, x = features[0].keypoints[0] / features[0].scale
    zoom = 2 * picture.TILE_PX[0] / Image.open(query.path).width
    assert ink[round(picture.MARGIN_PX + y * zoom), round(picture.MARGIN_PX + x * zoom)]
    assert sheet.size == (
        2 * (2 * picture.TILE_PX[0] + picture.MARGIN_PX) + picture.GAP_PX,
        2 * (picture.TILE_PX[1] + picture.MARGIN_PX),
    )
