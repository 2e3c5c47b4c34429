"""What the global model and the local features are given of one image file."""

import io

import cv2
import numpy as np
import tensorflow as tf
from PIL import Image


def for_global_model(path, first_side, final_side):
    stored = np.frombuffer(path.read_bytes(), np.uint8)
    upright = cv2.imdecode(stored, cv2.IMREAD_COLOR)
    red_first = upright[:, :, [2, 1, 0]]
    square = cv2.resize(np.ascontiguousarray(red_first), (first_side, first_side))
    done, jpeg = cv2.imencode(".jpg", square, [cv2.IMWRITE_JPEG_QUALITY, 100])
    assert done
    again = tf.io.decode_jpeg(jpeg.tobytes(), channels=3)
    larger = tf.image.resize(again[tf.newaxis], (final_side, final_side))[0]
    return larger.numpy() / np.float32(255)


def for_local_features(path):
    return np.array(Image.open(io.BytesIO(path.read_bytes())).convert("RGB"))
