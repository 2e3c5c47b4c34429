"""Data-parallel inference: a copy of the network on every GPU embeds a part of each batch."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tensorflow import keras

PRECISIONS = ("float32", "mixed_float16", "mixed_bfloat16")
"""Values of `EmbeddingSettings.precision`: dtype policies of Keras."""


class Replicas:
    """Compiled copies of a Keras model from images to embeddings, one per device.

    On a single device, the model itself is used in float32. Several logical CPU devices count as devices, too. They
    exist only if they are configured explicitly, as in tests of the multi-GPU code.

    Parameters
    ----------
    model : keras.Model
        The network.
    forward : callable
        ``forward(model, images)`` -> embeddings. It is compiled.
    precision : str
        One of `PRECISIONS`, for the layers of the backbone. Pooling and embedding remain in float32.

    Raises
    ------
    ValueError
        If ``precision`` is unknown.
    """

    def __init__(self, model: Any, forward: Callable[[Any, Any], Any], precision: str = "float32") -> None:
        if precision not in PRECISIONS:
            raise ValueError(f"EmbeddingSettings.precision = {precision!r}; write one of {', '.join(PRECISIONS)}")
        devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
        self._compiled = [
            _compiled(model, forward, precision, device.name, alone=not devices[1:]) for device in devices
        ]

    def __call__(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        """Embed a batch.

        Parameters
        ----------
        images : ndarray, float32, shape (batch, side, side, 3)
            As the network takes them.

        Returns
        -------
        ndarray, float32, shape (batch, d)
            Embeddings, in the order of the images.
        """
        count = min(len(self._compiled), len(images))
        if count < 2:
            return self._compiled[0](images)
        with ThreadPoolExecutor(count) as threads:
            shares = threads.map(lambda compiled, share: compiled(share), self._compiled, np.array_split(images, count))
            return np.concatenate([*shares])


def _compiled(
    model: Any, forward: Callable[[Any, Any], Any], precision: str, device: str, *, alone: bool
) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """Return a function that embeds a batch on a device. It is traced once, for batches of any size."""
    with tf.device(device):
        copy = model if alone and precision == "float32" else _copied(model, precision)
    signature = [tf.TensorSpec((None, *model.inputs[0].shape[1:]), tf.float32)]
    graph = tf.function(lambda images: forward(copy, images), input_signature=signature)

    def embed(images: NDArray[np.float32]) -> NDArray[np.float32]:
        with tf.device(device):
            embedded: NDArray[np.float32] = graph(images).numpy()
        return embedded

    return embed


def _copied(model: Any, precision: str) -> Any:
    """Copy a model and its weights. The layers of nested models (the backbone) get the precision."""
    outer = {layer.name for layer in model.layers}

    def copy_layer(layer: Any) -> Any:
        config = layer.get_config()
        return type(layer).from_config(config if layer.name in outer else {**config, "dtype": precision})

    copy = keras.models.clone_model(model, clone_function=copy_layer, recursive=True)
    copy.set_weights(model.get_weights())
    return copy
