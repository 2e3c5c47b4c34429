import io

from PIL import Image

from landmarks.dataset import Photo
from landmarks.visualise import canvas


def test_a_photo_that_cannot_be_read_is_a_flat_tile(tmp_path):
    tile = canvas.photograph(Photo("a", tmp_path / "a.jpg"), (20, 10))
    assert (tile.size, tile.getcolors()) == ((20, 10), [(200, canvas.FAINT)])


def test_sheets_below_one_another_keep_one_margin_between_them():
    parts = [canvas.sheet(100), canvas.sheet(50)]
    assert canvas.stacked(*parts).size == (canvas.WIDTH_PX, 100 + 50 + 3 * canvas.MARGIN_PX)


def test_a_figure_is_shown_at_half_its_pixels():
    figure = canvas.Figure("a sheet", canvas.sheet(100))
    data, metadata = figure._repr_jpeg_()
    with Image.open(io.BytesIO(data)) as image:
        assert (image.format, image.size) == ("JPEG", figure.image.size)
    assert metadata == {"width": canvas.WIDTH_PX // 2}
    assert (figure._repr_markdown_(), repr(figure)) == (None, "a sheet")


def test_a_figure_without_an_image_is_its_text():
    figure = canvas.Figure("Nothing.")
    assert (figure._repr_jpeg_(), figure._repr_markdown_()) == (None, "Nothing.")
