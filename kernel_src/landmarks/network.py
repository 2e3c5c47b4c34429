"""The global network: an EfficientNet with an embedding layer and an ArcFace head.

The classifier is used for training. Retrieval uses its embedding, which is the input of the head.
"""

from collections.abc import Sequence
from typing import Any

import efficientnet.tfkeras as efficientnet
import tensorflow as tf
from efficientnet import inject_tfkeras_modules
from efficientnet import model as efficientnets
from tensorflow import keras

from landmarks.heads import ClassMatrix, build_head
from landmarks.settings import NetworkSettings


def _small(**options: Any) -> Any:
    build = inject_tfkeras_modules(efficientnets.EfficientNet)
    return build(
        0.5, 0.5, 64, blocks_args=efficientnets.DEFAULT_BLOCKS_ARGS[:5], model_name="efficientnet-small", **options
    )


BACKBONES = {f"efficientnet-b{size}": getattr(efficientnet, f"EfficientNetB{size}") for size in range(8)}
BACKBONES["efficientnet-small"] = _small
"""Backbones by their name in ``model.json``. ``efficientnet-small``, for training on hundreds of images, consists of
the first five block groups of B0 at half its width and depth."""

POOLINGS = ("average", "gem")
"""Values of `NetworkSettings.pooling`."""


@keras.utils.register_keras_serializable(package="landmarks")
class GeneralizedMean(keras.layers.Layer):
    """Generalised mean (GeM) pooling: ``mean(x^p)^(1/p)`` over the positions of each channel.

    The exponent p is learned and starts at 3. p = 1 is average pooling; the larger p, the closer to max pooling.

    References
    ----------
    Radenović, Tolias and Chum, Fine-tuning CNN Image Retrieval with No Human Annotation,
    https://arxiv.org/abs/1711.02512
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.p = self.add_weight(name="p", shape=(1,), initializer=keras.initializers.Constant(3.0), dtype="float32")

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, Any]:
        """Return (batch, channels)."""
        return input_shape[0], input_shape[-1]

    def call(self, features: Any) -> Any:
        """Return float32 of shape (batch, channels) for features of shape (batch, height, width, channels)."""
        positive = tf.maximum(features, 1e-6)  # the gradient of a power needs the logarithm, which is undefined at 0
        return tf.pow(tf.reduce_mean(tf.pow(positive, self.p), axis=(1, 2)), 1.0 / self.p)


def classifier(settings: NetworkSettings, *, counts: Sequence[int] | None = None, any_size: bool = False) -> Any:
    """Build and compile the network for training, with random weights.

    Parameters
    ----------
    settings : NetworkSettings
        Backbone, sizes and head.
    counts : sequence of int, optional
        Number of images of each class, for margins that depend on it.
    any_size : bool
        Accept images of any size instead of ``input_px`` only. The network is convolutional up to the pooling layer.

    Returns
    -------
    keras.Model
        From ``inp1``, float32 BGR of shape (batch, input_px, input_px, 3) in [0, 1], and ``inp2``, labels of shape
        (batch,), to class probabilities, float32 of shape (batch, classes).
    """
    side = None if any_size else settings.input_px
    images = keras.layers.Input(shape=(side, side, 3), name="inp1")
    labels = keras.layers.Input(shape=(), name="inp2")
    logits = build_head(settings.head, settings.classes, counts)([_embedding(images, settings), labels])
    model = keras.Model([images, labels], keras.layers.Softmax(dtype="float32", name="softmax")(logits))
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate=settings.learning_rate),
        loss=keras.losses.SparseCategoricalCrossentropy(),
        metrics=[keras.metrics.SparseCategoricalAccuracy()],
        jit_compile=False,  # on a CPU, XLA takes half a minute to compile this without making it faster
    )
    return model


def encoder(settings: NetworkSettings) -> Any:
    """Build the embedding model without the head and its (embedding, classes) matrix.

    Parameters
    ----------
    settings : NetworkSettings
        Backbone and sizes. The head is ignored.

    Returns
    -------
    keras.Model
        From images, float32 BGR of shape (batch, input_px, input_px, 3) in [0, 1], to embeddings, float32 of shape
        (batch, embedding).
    """
    images = keras.layers.Input(shape=(settings.input_px, settings.input_px, 3), name="inp1")
    return keras.Model(images, _embedding(images, settings))


def embedding_model(classifier: Any) -> Any:
    """Return the embedding part of a classifier. The two models share their weights.

    Parameters
    ----------
    classifier : keras.Model
        A model with one image input and one head.

    Returns
    -------
    keras.Model
        From the image input to the input of the head, as in `encoder`.
    """
    (layer,) = (layer for layer in classifier.layers if isinstance(layer, ClassMatrix))
    (images,) = (tensor for tensor in classifier.inputs if len(tensor.shape) == 4)
    return keras.Model(images, layer.input[0])


def _embedding(images: Any, settings: NetworkSettings) -> Any:
    features = BACKBONES[settings.backbone](weights=None, include_top=False)(images)
    dropped = keras.layers.Dropout(settings.dropout, name="dropout")(_pooling(settings.pooling)(features))
    return keras.layers.Dense(settings.embedding, name="dense")(dropped)


def _pooling(kind: str) -> Any:
    if kind == "average":
        return keras.layers.GlobalAveragePooling2D(name="global_average_pooling2d")
    if kind == "gem":
        return GeneralizedMean(name="generalized_mean", dtype="float32")
    raise ValueError(f"NetworkSettings.pooling = {kind!r}; write one of {', '.join(POOLINGS)}")
