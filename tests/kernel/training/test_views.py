"""The sheet of photographs and views."""

import numpy as np
from PIL import Image

from landmarks.training.recipes import SMALL
from landmarks.training.views import GAP_PX, PAPER, VIEWS, draw_views


def test_a_row_shows_a_photograph_and_views_of_it_and_what_cannot_be_read_is_passed_over(tmp_path):
    for index, colour in enumerate([(200, 0, 0), (0, 200, 0)]):
        name = f"{index:016x}"
        path = tmp_path / "train" / name[0] / name[1] / name[2] / f"{name}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (60, 40), colour).save(path)
    path.with_name(f"{2:016x}.jpg").write_bytes(b"no image")
    (tmp_path / "train.csv").write_text("id,landmark_id\n" + "".join(f"{index:016x},{index}\n" for index in (2, 0, 1)))
    drawn = np.asarray(draw_views(tmp_path, SMALL))
    size = SMALL.network.input_px
    assert drawn.shape == (GAP_PX + 2 * (size + GAP_PX), GAP_PX + (1 + VIEWS) * (size + GAP_PX), 3)
    photo, view = (drawn[GAP_PX:][:size, GAP_PX + column * (size + GAP_PX) :][:, :size] for column in (0, 1))
    np.testing.assert_allclose(photo.reshape(-1, 3).mean(axis=0), (200, 0, 0), atol=3)
    assert not np.array_equal(photo, view)
    assert tuple(drawn[0, 0]) == PAPER
