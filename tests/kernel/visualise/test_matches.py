import numpy as np
from PIL import Image

from landmarks.local_features import FeatureCache
from landmarks.visualise import canvas, matches
from landmarks.visualise.canvas import GAP_PX, MARGIN_PX, TITLE_PX


def test_matches_are_drawn_between_the_same_places_of_both_images_in_a_colour_that_says_whether_they_agree(
    steps, settings
):
    query = steps[-1].data.queries[0]
    features = FeatureCache(settings.local)(query)
    rows = np.arange(2)
    pair = matches.Pair(
        photos=(query, query),
        features=(features, features),
        matches=np.stack([rows, rows], axis=1),
        inlier_mask=np.array([True, False]),
    )
    sheet = matches.draw(pair, "accepted", canvas.RIGHT)
    with Image.open(query.path) as image:
        zoom = matches.SIZE_PX[1] / image.height
        right = MARGIN_PX + image.width * zoom + GAP_PX
    assert sheet.size == (canvas.WIDTH_PX, 2 * MARGIN_PX + TITLE_PX + matches.SIZE_PX[1])
    for row, colour in enumerate((canvas.RIGHT, canvas.WRONG)):
        y, x = features.keypoints[row] / features.scale * zoom
        for left in (MARGIN_PX, right):
            assert sheet.getpixel((round(left + x), round(MARGIN_PX + TITLE_PX + y))) == colour


def test_a_pair_without_matches_is_drawn_without_lines(steps, settings):
    query = steps[-1].data.queries[0]
    features = FeatureCache(settings.local)(query)
    pair = matches.Pair(
        photos=(query, query),
        features=(features, features),
        matches=np.empty((0, 2), np.int64),
        inlier_mask=np.empty(0, bool),
    )
    sheet = np.asarray(matches.draw(pair, "", canvas.WRONG))
    assert not np.all(sheet == canvas.WRONG, axis=2).any()
