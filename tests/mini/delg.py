"""A small stand-in for the DELG network, in its two export formats: same tensors, and features that really match.

Corners found at each scale are described by histograms of the gradient around them, so that two views of one scene
agree; nothing is learned. The tensors' names, shapes and meaning are DELG's; its features are not normalised either.
"""

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

GLOBAL_DIMENSIONS = 2048
_DIRECTIONS = 8
_CELL_PX, _CELLS = 10, 4
_BORDER_PX = 4
_LENGTH = 3.0  # of a descriptor, so that a kernel which forgets to normalise is found out
_ATTENTION = 200.0  # brings an ordinary corner to some hundreds, where DELG's threshold of 375 lies


def write(folder: Path) -> None:
    """Write both formats as the dataset to attach: ``local_and_global`` and its twin ``local_and_global_tf2``."""
    save_tf1(folder / "local_and_global")
    save_tf2(folder / "local_and_global_tf2")


def save_tf1(folder: Path) -> None:
    """Write the TF1-format SavedModel, which loads with ``prune``."""
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        feeds = {
            "input_image": v1.placeholder(tf.uint8, (None, None, 3), name="input_image"),
            "input_scales": v1.placeholder(tf.float32, (None,), name="input_scales"),
            "input_abs_thres": v1.placeholder(tf.float32, (), name="input_abs_thres"),
            "input_max_feature_num": v1.placeholder(tf.int32, (), name="input_max_feature_num"),
        }
        fetches = {name: tf.identity(value, name) for name, value in _network(*feeds.values()).items()}
        signature = v1.saved_model.predict_signature_def(feeds, fetches)
        builder = v1.saved_model.Builder(str(folder))
        builder.add_meta_graph_and_variables(session, ["serve"], {"serving_default": signature})
        builder.save()


def save_tf2(folder: Path) -> None:
    """Write the TF2 export of the same network, which has a signature and no ``prune``."""
    module = tf.Module()
    module.describe = tf.function(
        _network,
        input_signature=[
            tf.TensorSpec((None, None, 3), tf.uint8, "input_image"),
            tf.TensorSpec((None,), tf.float32, "input_scales"),
            tf.TensorSpec((), tf.float32, "input_abs_thres"),
            tf.TensorSpec((), tf.int32, "input_max_feature_num"),
        ],
    )
    tf.saved_model.save(module, str(folder), signatures={"serving_default": module.describe})


def _network(image: Any, scales: Any, threshold: Any, max_features: Any) -> dict[str, Any]:
    """Return boxes (n, 4), features (n, 128), scales (n,), scores (n, 1) and global_descriptors (scales, 2048)."""
    shapes = {"boxes": (None, 4), "features": (None, 128), "scales": (None,), "scores": (None,), "globals": (1, None)}
    count = tf.shape(scales)[0]
    arrays = {name: tf.TensorArray(tf.float32, count, infer_shape=False, element_shape=s) for name, s in shapes.items()}

    def at_scale(index: Any, *filled: Any) -> tuple[Any, ...]:
        found = _at_scale(image, scales[index], threshold)
        return (index + 1, *(array.write(index, found[name]) for name, array in zip(shapes, filled, strict=True)))

    _, *filled = tf.while_loop(lambda index, *_: index < count, at_scale, (0, *arrays.values()))
    found = {name: array.concat() for name, array in zip(shapes, filled, strict=True)}
    best = tf.math.top_k(found["scores"], tf.minimum(max_features, tf.size(found["scores"]))).indices
    return {
        "boxes": tf.gather(found["boxes"], best),
        "features": tf.gather(found["features"], best),
        "scales": tf.gather(found["scales"], best),
        "scores": tf.gather(found["scores"], best)[:, None],
        "global_descriptors": found["globals"],
    }


def _at_scale(image: Any, scale: Any, threshold: Any) -> dict[str, Any]:
    sides = tf.cast(tf.round(tf.cast(tf.shape(image)[:2], tf.float32) * scale), tf.int32)
    pixels = tf.image.resize(tf.cast(image, tf.float32), sides)
    grey = _blurred(tf.reduce_mean(pixels, axis=-1)[None, :, :, None])
    across, down = _gradients(grey)
    attention = _attention(across, down)
    at = _peaks(attention, threshold)
    maps = _directions(across, down)
    centres = tf.cast(at, tf.float32) / scale
    radius = tf.fill(tf.shape(centres), _CELL_PX * _CELLS / 2.0) / scale
    return {
        "boxes": tf.concat([centres - radius, centres + radius], axis=1),
        "features": _described(maps, at, sides),
        "scales": tf.fill(tf.shape(at)[:1], 1.0 / scale),
        "scores": tf.gather_nd(attention[0, :, :, 0], at),
        "globals": _global(pixels, maps)[None],
    }


def _blurred(grey: Any) -> Any:
    row = np.array([1, 4, 6, 4, 1], np.float32) / 16
    return tf.nn.conv2d(grey, np.outer(row, row)[:, :, None, None], 1, "SAME")


def _gradients(grey: Any) -> tuple[Any, Any]:
    kernel = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], np.float32)[:, :, None, None] / 8
    return tf.nn.conv2d(grey, kernel, 1, "SAME"), tf.nn.conv2d(grey, kernel.transpose(1, 0, 2, 3), 1, "SAME")


def _attention(across: Any, down: Any) -> Any:
    """Return the smaller eigenvalue of the structure tensor: high at corners (Shi and Tomasi, CVPR 1994)."""
    xx, yy, xy = (tf.nn.avg_pool2d(one, 5, 1, "SAME") for one in (across * across, down * down, across * down))
    smaller = (xx + yy) / 2 - tf.sqrt(((xx - yy) / 2) ** 2 + xy * xy + 1e-9)
    return _ATTENTION * smaller


def _peaks(attention: Any, threshold: Any) -> Any:
    """Return where the attention is highest within 7 pixels and above the threshold; (y, x), int64, shape (n, 2)."""
    highest = tf.equal(attention, tf.nn.max_pool2d(attention, 7, 1, "SAME")) & (attention >= threshold)
    at, shape = tf.where(highest[0, :, :, 0]), tf.shape(attention, tf.int64)[1:3]
    inside = tf.reduce_all((at >= _BORDER_PX) & (at < shape - _BORDER_PX), axis=1)
    return tf.boolean_mask(at, inside)


def _directions(across: Any, down: Any) -> Any:
    """Return how strong the gradient is in each direction, pooled over a cell; shape (height, width, directions)."""
    angles = np.arange(_DIRECTIONS, dtype=np.float32) * (2 * np.pi / _DIRECTIONS)
    strength = tf.sqrt(across * across + down * down + 1e-9)
    aligned = tf.nn.relu((across * np.cos(angles) + down * np.sin(angles)) / strength)
    return tf.nn.avg_pool2d(strength * aligned**4, _CELL_PX, 1, "SAME")[0]


def _described(maps: Any, at: Any, sides: Any) -> Any:
    """Return the cells around each point as one descriptor, less its mean, so that unrelated ones are orthogonal."""
    steps = (np.arange(_CELLS) - (_CELLS - 1) / 2) * _CELL_PX
    offsets = np.stack(np.meshgrid(steps, steps, indexing="ij"), -1).reshape(1, -1, 2).astype(np.int64)
    last = tf.cast(sides, tf.int64) - 1
    cells = tf.gather_nd(maps, tf.clip_by_value(at[:, None, :] + offsets, 0, last))
    flat = tf.nn.l2_normalize(tf.reshape(cells, (-1, _CELLS * _CELLS * _DIRECTIONS)), axis=1)
    clipped = tf.minimum(flat, 0.25)
    return _LENGTH * tf.nn.l2_normalize(clipped - tf.reduce_mean(clipped, axis=1, keepdims=True), axis=1)


def _global(pixels: Any, maps: Any) -> Any:
    """Return gradients and colours over a coarse grid, spread over 2048 numbers by a fixed random projection."""
    grid = tf.image.resize(tf.nn.l2_normalize(maps, axis=-1), (4, 4), antialias=True)
    colours = tf.image.resize(pixels / 255.0 - 0.5, (4, 4), antialias=True)
    seen = tf.concat([tf.reshape(grid, (1, -1)), 2.0 * tf.reshape(colours, (1, -1))], axis=1)
    projection = np.random.default_rng(0).normal(size=(4 * 4 * (_DIRECTIONS + 3), GLOBAL_DIMENSIONS))
    return (seen @ projection.astype(np.float32))[0]
