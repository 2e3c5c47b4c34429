"""Reading images for the global models and for local features."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from PIL import Image, ImageOps

from landmarks.errors import UnreadableImage

_FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "PPM")
"""Formats that Pillow may open. It detects formats by content; of the others, EPS starts a program and some crash."""


def global_pixels(path: Path, *, resize_px: int, input_px: int, jpeg_quality: int = 100) -> NDArray[np.float32]:
    """Read an image as the input of a global model.

    The image is read with its EXIF orientation applied, resized to a square regardless of its aspect ratio, and
    compressed as JPEG again. As in the training of the published weights, the encoder interprets the RGB array as BGR,
    so the model sees **BGR**. The missing part of a truncated file is grey.

    Parameters
    ----------
    path : Path
        An image file.
    resize_px, input_px : int
        Side of the square before JPEG compression, and side of the result, in pixels.
    jpeg_quality : int
        Quality of the JPEG compression, 0 to 100.

    Returns
    -------
    ndarray, float32, shape (input_px, input_px, 3)
        Channels are blue, green, red. Values are in [0, 1].

    Raises
    ------
    UnreadableImage
        If the file cannot be decoded.
    """
    encoded = global_jpeg(path, resize_px=resize_px, jpeg_quality=jpeg_quality)
    with tf.device("CPU"):
        pixels: NDArray[np.float32] = decode(encoded, input_px).numpy()
    return pixels


def global_jpeg(path: Path, *, resize_px: int, jpeg_quality: int = 100) -> bytes:
    """Return an image resized to a square and compressed as JPEG, from which `decode` computes the model's input.

    Raises
    ------
    UnreadableImage
        If the file cannot be decoded.
    """
    square = cv2.resize(_read_rgb(path), (resize_px, resize_px), interpolation=cv2.INTER_LINEAR)
    _, encoded = cv2.imencode(".jpg", square, (cv2.IMWRITE_JPEG_QUALITY, jpeg_quality))
    return encoded.tobytes()


def decode(encoded: Any, input_px: int) -> Any:
    """Decode the bytes of `global_jpeg` to a tensor with the values of `global_pixels`. Works in a graph, too."""
    square = tf.image.decode_jpeg(encoded, channels=3)
    resized = tf.image.resize(square, (input_px, input_px), method="bilinear", antialias=False)
    return tf.cast(resized, tf.float32) / 255.0


def local_pixels(path: Path, *, exif_rotation: bool = False) -> NDArray[np.uint8]:
    """Read an image for the extraction of local features.

    Parameters
    ----------
    path : Path
        An image file.
    exif_rotation : bool
        Apply the EXIF orientation. The original notebook does not.

    Returns
    -------
    ndarray, uint8, shape (height, width, 3)
        RGB.

    Raises
    ------
    UnreadableImage
        If the file cannot be decoded, or is truncated.
    """
    try:
        with Image.open(path, formats=_FORMATS) as image:
            turned = ImageOps.exif_transpose(image) if exif_rotation else image
            return np.asarray(turned.convert("RGB"))
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError) as error:
        raise UnreadableImage(f"{path}: unreadable image ({error}); replace the file") from error


def _read_rgb(path: Path) -> NDArray[np.uint8]:
    try:
        bgr = cv2.imread(str(path))
    except cv2.error as error:
        raise UnreadableImage(f"{path}: unreadable image ({error}); replace the file") from error
    if bgr is None:
        raise UnreadableImage(f"{path}: unreadable image; replace the file")
    rgb: NDArray[np.uint8] = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
    return rgb
