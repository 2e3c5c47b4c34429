"""Pixels: as the global model saw them in training, and as the local features see them."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from PIL import Image, ImageOps

from landmarks.errors import UnreadableImage

_FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "PPM")
"""What photographs are. Pillow goes by the content: of its other formats one starts a program (EPS), some fall over."""


def global_pixels(path: Path, *, resize_px: int, input_px: int, jpeg_quality: int = 100) -> NDArray[np.float32]:
    """Return an image as the global model is fed.

    The file is read with its EXIF rotation applied, squeezed to a square, and sent once more through JPEG. That
    step takes the RGB array for BGR, as the training of the published weights did: the model sees **BGR**. A
    file that is cut off is grey from there on.

    Parameters
    ----------
    path : Path
        An image file.
    resize_px, input_px : int
        Side of the first and of the final square, in pixels.
    jpeg_quality : int
        Of the JPEG in between, 0 to 100.

    Returns
    -------
    ndarray, float32, shape (input_px, input_px, 3)
        Rows, columns, channels in the order blue, green, red; 0 to 1.

    Raises
    ------
    UnreadableImage
        If the file does not decode.
    """
    encoded = global_jpeg(path, resize_px=resize_px, jpeg_quality=jpeg_quality)
    with tf.device("CPU"):
        pixels: NDArray[np.float32] = decoded(encoded, input_px).numpy()
    return pixels


def global_jpeg(path: Path, *, resize_px: int, jpeg_quality: int = 100) -> bytes:
    """Return the JPEG that an image passes through on its way to the global model: `decoded` makes pixels of it.

    Raises
    ------
    UnreadableImage
        If the file does not decode.
    """
    square = cv2.resize(_read_rgb(path), (resize_px, resize_px), interpolation=cv2.INTER_LINEAR)
    _, encoded = cv2.imencode(".jpg", square, (cv2.IMWRITE_JPEG_QUALITY, jpeg_quality))
    return encoded.tobytes()


def decoded(encoded: Any, input_px: int) -> Any:
    """Return the pixels of `global_jpeg`'s bytes, as a tensor like `global_pixels`; equally within a graph."""
    square = tf.image.decode_jpeg(encoded, channels=3)
    resized = tf.image.resize(square, (input_px, input_px), method="bilinear", antialias=False)
    return tf.cast(resized, tf.float32) / 255.0


def local_pixels(path: Path, *, exif_rotation: bool = False) -> NDArray[np.uint8]:
    """Return an image as the local features see it: as stored, unless ``exif_rotation`` turns it as EXIF says.

    Parameters
    ----------
    path : Path
        An image file.
    exif_rotation : bool
        Turn it; the original notebook does not.

    Returns
    -------
    ndarray, uint8, shape (height, width, 3)
        RGB.

    Raises
    ------
    UnreadableImage
        If the file does not decode, or is cut off.
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
