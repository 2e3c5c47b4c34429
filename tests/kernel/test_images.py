import cv2
import numpy as np
import pytest
from PIL import EpsImagePlugin, Image

from landmarks.errors import UnreadableImage
from landmarks.images import global_pixels, local_pixels
from tests.kernel.reference import pixels

ROTATED_BY_EXIF = 6


def noise(*shape, seed=0):
    coarse = np.random.default_rng(seed).integers(0, 256, shape, np.uint8)
    return cv2.resize(coarse, (8 * shape[1], 6 * shape[0]))


def saved(path, array, **options):
    Image.fromarray(array).save(path, **options)
    return path


def exif(orientation):
    tags = Image.Exif()
    tags[274] = orientation
    return tags


def files(folder):
    cmyk = folder / "cmyk.jpg"
    Image.fromarray(noise(9, 7, 3)).convert("CMYK").save(cmyk)
    return {
        "rgb": saved(folder / "rgb.jpg", noise(9, 7, 3)),
        "grey": saved(folder / "grey.jpg", noise(9, 7)),
        "cmyk": cmyk,
        "png": saved(folder / "png.jpg", noise(9, 7, 3), format="PNG"),
        "rotated": saved(folder / "rotated.jpg", noise(9, 7, 3), exif=exif(ROTATED_BY_EXIF)),
        "pixel": saved(folder / "pixel.jpg", np.full((1, 1, 3), 200, np.uint8)),
    }


@pytest.mark.parametrize("kind", ["rgb", "grey", "cmyk", "png", "rotated", "pixel"])
def test_global_pixels_are_exactly_those_of_the_reference(tmp_path, kind):
    path = files(tmp_path)[kind]
    found = global_pixels(path, resize_px=40, input_px=56)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, pixels.for_global_model(path, 40, 56))


def test_the_global_model_sees_blue_first(tmp_path):
    path = saved(tmp_path / "red.png", np.full((8, 8, 3), (255, 0, 0), np.uint8))
    np.testing.assert_allclose(global_pixels(path, resize_px=8, input_px=8)[4, 4], [0, 0, 1], atol=0.01)


def test_the_global_model_sees_what_exif_says_and_local_features_what_is_stored(tmp_path):
    white_left = np.zeros((16, 32, 3), np.uint8)
    white_left[:, :16] = 255
    path = saved(tmp_path / "a.jpg", white_left, exif=exif(ROTATED_BY_EXIF), quality=100)
    assert global_pixels(path, resize_px=16, input_px=16)[:, :, 0].mean(axis=1).round()[[0, -1]].tolist() == [1, 0]
    assert local_pixels(path)[:, :, 0].mean(axis=0).round()[[0, -1]].tolist() == [255, 0]


@pytest.mark.parametrize("kind", ["rgb", "grey", "cmyk", "png", "rotated", "pixel"])
def test_local_pixels_are_rgb_as_stored(tmp_path, kind):
    path = files(tmp_path)[kind]
    found = local_pixels(path)
    assert (found.dtype, found.ndim, found.shape[2]) == (np.uint8, 3, 3)
    np.testing.assert_array_equal(found, pixels.for_local_features(path))


@pytest.mark.parametrize("content", [None, b"", b"no image at all", b"\xff\xd8\xff\xe0"])
@pytest.mark.parametrize("read", [local_pixels, lambda path: global_pixels(path, resize_px=8, input_px=8)])
def test_a_file_that_is_no_image_is_named(tmp_path, content, read):
    path = tmp_path / "broken.jpg"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UnreadableImage, match=rf"^{path}: unreadable image.*; replace the file$"):
        read(path)


def test_a_file_that_pillow_would_start_a_program_for_is_no_image(tmp_path, monkeypatch):
    ran, program = tmp_path / "ran", tmp_path / "gs"
    program.write_text(f"#!/bin/sh\ntouch {ran}\n")
    program.chmod(0o755)
    monkeypatch.setattr(EpsImagePlugin, "gs_binary", str(program))
    file = tmp_path / "photo.jpg"
    Image.fromarray(noise(9, 7, 3)).save(file, "EPS")
    with pytest.raises(UnreadableImage):
        local_pixels(file)
    assert not ran.exists()


def test_of_a_file_cut_off_the_global_model_sees_the_top_and_local_features_nothing(tmp_path):
    whole = saved(tmp_path / "whole.jpg", noise(20, 20, 3)).read_bytes()
    cut = tmp_path / "cut.jpg"
    cut.write_bytes(whole[: len(whole) // 2])
    top = global_pixels(cut, resize_px=120, input_px=120)[:24]
    np.testing.assert_array_equal(top, global_pixels(tmp_path / "whole.jpg", resize_px=120, input_px=120)[:24])
    with pytest.raises(UnreadableImage, match="truncated"):
        local_pixels(cut)
