"""The global network: an EfficientNet that learns its embedding against an ArcFace head.

The classifier exists to be trained and to hold weights; retrieval uses its embedding, the layer the head reads.
"""

import math
from typing import Any

import efficientnet.tfkeras as efficientnet
import tensorflow as tf
from tensorflow import keras

from landmarks.settings import HeadSettings, NetworkSettings

BACKBONES = {f"efficientnet-b{size}": getattr(efficientnet, f"EfficientNetB{size}") for size in range(8)}
"""The backbones by the name that ``model.json`` gives them."""


@keras.utils.register_keras_serializable(package="landmarks")
class ArcMarginProduct(keras.layers.Layer):
    """Scaled cosines to one weight vector per class, the true class set back by an angular margin.

    Parameters
    ----------
    n_classes : int
        Columns of the weight matrix ``W``, float32 of shape (embedding, n_classes).
    s : float
        Radius of the hypersphere: what the cosines are multiplied by.
    m : float
        Margin in radians that is added to the angle of the true class.
    easy_margin : bool
        Add the margin only where the cosine is positive; otherwise only where the angle stays below pi with it,
        and subtract ``m sin(pi - m)`` from the cosine elsewhere, which keeps it falling.
    ls_eps : float
        Label smoothing: the one-hot label becomes ``(1 - ls_eps) onehot + ls_eps / n_classes``.
    **kwargs : Any
        What every Keras layer takes.

    References
    ----------
    Deng et al., ArcFace: Additive Angular Margin Loss for Deep Face Recognition, https://arxiv.org/abs/1801.07698
    """

    def __init__(
        self,
        n_classes: int,
        s: float = 30.0,
        m: float = 0.5,
        *,
        easy_margin: bool = False,
        ls_eps: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.n_classes = n_classes
        self.s = s
        self.m = m
        self.easy_margin = easy_margin
        self.ls_eps = ls_eps

    def get_config(self) -> dict[str, Any]:
        """Return what rebuilds the layer."""
        own = ("n_classes", "s", "m", "easy_margin", "ls_eps")
        return {**super().get_config(), **{name: getattr(self, name) for name in own}}

    def build(self, input_shape: Any) -> None:
        """Create ``W`` for embeddings of the first input's width.

        Parameters
        ----------
        input_shape : sequence of two shapes
            (batch, embedding) and (batch,).
        """
        self.W = self.add_weight(
            name="W",
            shape=(int(input_shape[0][-1]), self.n_classes),
            initializer="glorot_uniform",
            dtype="float32",
            trainable=True,
        )
        self.built = True

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, int]:
        """Return (batch, n_classes)."""
        return input_shape[0][0], self.n_classes

    def call(self, inputs: Any) -> Any:
        """Return the logits of a batch.

        Parameters
        ----------
        inputs : pair of tensors
            Embeddings, float32 of shape (batch, embedding), and labels of shape (batch,), whole numbers below
            ``n_classes`` of any dtype.

        Returns
        -------
        tensor
            Logits, float32 of shape (batch, n_classes).
        """
        embeddings, labels = inputs
        cosine = tf.matmul(tf.math.l2_normalize(embeddings, axis=1), tf.math.l2_normalize(self.W, axis=0))
        target = self._targets(labels, cosine.dtype)
        return (target * self._with_margin(cosine) + (1.0 - target) * cosine) * self.s

    def _with_margin(self, cosine: Any) -> Any:
        phi = cosine * math.cos(self.m) - _sine(cosine) * math.sin(self.m)
        if self.easy_margin:
            return tf.where(cosine > 0, phi, cosine)
        beyond = math.pi - self.m
        return tf.where(cosine > math.cos(beyond), phi, cosine - self.m * math.sin(beyond))

    def _targets(self, labels: Any, dtype: Any) -> Any:
        one_hot = tf.cast(tf.one_hot(tf.cast(labels, tf.int32), self.n_classes), dtype)
        return (1.0 - self.ls_eps) * one_hot + self.ls_eps / self.n_classes if self.ls_eps else one_hot


def _sine(cosine: Any) -> Any:
    # Rounding takes a float32 cosine past 1, where the root is NaN, and at 1 its
    # slope is infinite. The inner where keeps both out of the gradient too.
    squared = 1.0 - tf.square(cosine)
    inside = squared > 0
    return tf.where(inside, tf.sqrt(tf.where(inside, squared, 1.0)), 0.0)


def classifier(settings: NetworkSettings) -> Any:
    """Build the network that is trained, compiled, with random weights.

    Parameters
    ----------
    settings : NetworkSettings
        The backbone, the sizes and the head.

    Returns
    -------
    keras.Model
        From ``inp1``, float32 BGR of shape (batch, input_px, input_px, 3) in [0, 1], and ``inp2``, labels of shape
        (batch,), to class probabilities, float32 of shape (batch, classes).
    """
    images = keras.layers.Input(shape=(settings.input_px, settings.input_px, 3), name="inp1")
    labels = keras.layers.Input(shape=(), name="inp2")
    logits = _head(settings.head, settings.classes)([_embedding(images, settings), labels])
    model = keras.Model([images, labels], keras.layers.Softmax(dtype="float32", name="softmax")(logits))
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate=settings.learning_rate),
        loss=keras.losses.SparseCategoricalCrossentropy(),
        metrics=[keras.metrics.SparseCategoricalAccuracy()],
        jit_compile=False,  # on a CPU, XLA takes half a minute to compile this and gains nothing
    )
    return model


def encoder(settings: NetworkSettings) -> Any:
    """Build the embedding model alone, without the head's (embedding, classes) matrix.

    Parameters
    ----------
    settings : NetworkSettings
        The backbone and the sizes; the head is not looked at.

    Returns
    -------
    keras.Model
        From images, float32 BGR of shape (batch, input_px, input_px, 3) in [0, 1], to embeddings, float32 of shape
        (batch, embedding).
    """
    images = keras.layers.Input(shape=(settings.input_px, settings.input_px, 3), name="inp1")
    return keras.Model(images, _embedding(images, settings))


def embedding_model(classifier: Any) -> Any:
    """Return the part of a classifier that embeds; the two share their weights.

    Parameters
    ----------
    classifier : keras.Model
        A model with one image input and one ``ArcMarginProduct`` layer.

    Returns
    -------
    keras.Model
        From the image input to what the head reads, as `encoder` returns it.
    """
    (head,) = (layer for layer in classifier.layers if isinstance(layer, ArcMarginProduct))
    (images,) = (tensor for tensor in classifier.inputs if len(tensor.shape) == 4)
    return keras.Model(images, head.input[0])


def _embedding(images: Any, settings: NetworkSettings) -> Any:
    features = BACKBONES[settings.backbone](weights=None, include_top=False)(images)
    pooled = keras.layers.GlobalAveragePooling2D(name="global_average_pooling2d")(features)
    dropped = keras.layers.Dropout(settings.dropout, name="dropout")(pooled)
    return keras.layers.Dense(settings.embedding, name="dense")(dropped)


def _head(head: HeadSettings, classes: int) -> Any:
    return ArcMarginProduct(
        classes,
        s=head.scale,
        m=head.margin_rad,
        easy_margin=head.easy_margin,
        ls_eps=head.label_smoothing,
        name="head_arc_margin",  # the seed's 'head/arc_margin' is no name in Keras 3
        dtype="float32",
    )
