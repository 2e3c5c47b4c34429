"""Classification heads, which the embedding is trained with. Retrieval does not use them."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tensorflow import keras

from landmarks.settings import HeadSettings

HEADS = ("arcface", "softmax")
"""Values of `HeadSettings.kind`."""


class ClassMatrix(keras.layers.Layer):
    """Base class of heads: logits from one weight vector per class.

    Parameters
    ----------
    n_classes : int
        Number of classes: columns of the weight matrix ``W``, float32 of shape (embedding, n_classes).
    **kwargs : Any
        Arguments of every Keras layer.
    """

    def __init__(self, n_classes: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.n_classes = n_classes
        self.columns = n_classes

    def get_config(self) -> dict[str, Any]:
        """Return what rebuilds the layer."""
        return {**super().get_config(), "n_classes": self.n_classes}

    def build(self, input_shape: Any) -> None:
        """Create ``W``, whose number of rows is the width of the first input.

        Parameters
        ----------
        input_shape : sequence of two shapes
            (batch, embedding) and (batch,).
        """
        self.W = self.add_weight(
            name="W",
            shape=(int(input_shape[0][-1]), self.columns),
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
            Embeddings, float32 of shape (batch, embedding), and labels of shape (batch,): integers below ``n_classes``,
            of any dtype.

        Returns
        -------
        tensor
            Logits, float32 of shape (batch, n_classes).
        """
        embeddings, labels = inputs
        return self.logits(embeddings, tf.cast(labels, tf.int32))

    def logits(self, embeddings: Any, labels: Any, classes: Any = None) -> Any:  # noqa: ARG002 - used by heads with margins
        """Return the logits of some classes.

        Parameters
        ----------
        embeddings : tensor, float32, shape (batch, embedding)
        labels : tensor, int32, shape (batch,)
            The index of each image's class in ``classes``.
        classes : tensor, int32, shape (n,), optional
            The classes to compute. By default, all classes.

        Returns
        -------
        tensor, float32, shape (batch, n)
        """
        return tf.matmul(embeddings, self.W if classes is None else tf.gather(self.W, classes, axis=1))


@keras.utils.register_keras_serializable(package="landmarks")
class LinearHead(ClassMatrix):
    """A plain softmax classifier without margin, normalisation or bias, as a baseline."""


@keras.utils.register_keras_serializable(package="landmarks")
class ArcMarginProduct(ClassMatrix):
    """ArcFace: scaled cosines to the weight vectors of each class, with an angular margin for the true class.

    Parameters
    ----------
    n_classes : int
        Number of classes. The weight matrix ``W``, float32 of shape (embedding, n_classes * sub_centres), holds the
        vectors of a class in adjacent columns.
    s : float
        Factor on the cosines (radius of the hypersphere).
    m : float
        Margin in radians that is added to the angle of the true class.
    easy_margin : bool
        If true, apply the margin only if the cosine is positive. If false, apply it only if the angle plus the margin
        is below pi, and otherwise subtract ``m sin(pi - m)`` from the cosine, which keeps the logit monotonic.
    ls_eps : float
        Smoothing of the margin: the true class gets the share ``1 - ls_eps`` of it, and every class gets
        ``ls_eps / n_classes``. Label smoothing of the loss is a separate setting, ``TrainingSettings.label_smoothing``.
    sub_centres : int
        Weight vectors per class, of which the nearest is used (K of Deng et al. 2020), so that a class may have several
        appearances.
    margins : sequence of float, optional
        A margin in radians for each class, instead of ``m``; see `dynamic_margins`.
    **kwargs : Any
        Arguments of every Keras layer.

    References
    ----------
    Deng et al., ArcFace: Additive Angular Margin Loss for Deep Face Recognition, https://arxiv.org/abs/1801.07698
    Deng et al., Sub-center ArcFace: Boosting Face Recognition by Large-Scale Noisy Web Faces, ECCV 2020
    """

    def __init__(  # noqa: PLR0913 - Keras rebuilds a layer from flat arguments
        self,
        n_classes: int,
        s: float = 30.0,
        m: float = 0.5,
        *,
        easy_margin: bool = False,
        ls_eps: float = 0.0,
        sub_centres: int = 1,
        margins: Sequence[float] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(n_classes, **kwargs)
        self.s = s
        self.m = m
        self.easy_margin = easy_margin
        self.ls_eps = ls_eps
        self.sub_centres = sub_centres
        self.margins = None if margins is None else [float(margin) for margin in margins]
        self.columns = n_classes * sub_centres

    def get_config(self) -> dict[str, Any]:
        """Return what rebuilds the layer."""
        own = ("s", "m", "easy_margin", "ls_eps", "sub_centres", "margins")
        return {**super().get_config(), **{name: getattr(self, name) for name in own}}

    def logits(self, embeddings: Any, labels: Any, classes: Any = None) -> Any:
        """Return the logits of some classes, as `ClassMatrix.logits` does."""
        centres = tf.reshape(self.W, (-1, self.n_classes, self.sub_centres))
        margins: Any = np.float32(self.m) if self.margins is None else tf.constant(self.margins, tf.float32)
        if classes is not None:
            centres = tf.gather(centres, classes, axis=1)
            margins = margins if self.margins is None else tf.gather(margins, classes)
        cosine = self._cosine(embeddings, centres)
        target = self._targets(labels, tf.shape(cosine)[1])
        return (target * self._with_margin(cosine, margins) + (1.0 - target) * cosine) * self.s

    def _cosine(self, embeddings: Any, centres: Any) -> Any:
        columns = tf.reshape(tf.math.l2_normalize(centres, axis=0), (tf.shape(centres)[0], -1))
        cosine = tf.matmul(tf.math.l2_normalize(embeddings, axis=1), columns)
        if self.sub_centres == 1:
            return cosine
        return tf.reduce_max(tf.reshape(cosine, (tf.shape(cosine)[0], -1, self.sub_centres)), axis=2)

    def _with_margin(self, cosine: Any, margins: Any) -> Any:
        phi = cosine * tf.cos(margins) - _sine(cosine) * tf.sin(margins)
        if self.easy_margin:
            return tf.where(cosine > 0, phi, cosine)
        beyond = math.pi - margins
        return tf.where(cosine > tf.cos(beyond), phi, cosine - margins * tf.sin(beyond))

    def _targets(self, labels: Any, classes: Any) -> Any:
        one_hot = tf.one_hot(labels, classes, dtype=tf.float32)
        return (1.0 - self.ls_eps) * one_hot + self.ls_eps / self.n_classes if self.ls_eps else one_hot


def build_head(settings: HeadSettings, classes: int, counts: Sequence[int] | None = None) -> ClassMatrix:
    """Build the head of the settings.

    Parameters
    ----------
    settings : HeadSettings
        Kind and parameters of the head.
    classes : int
        Number of classes.
    counts : sequence of int, optional
        Number of images of each class, which ``settings.margin_range_rad`` requires.

    Raises
    ------
    ValueError
        If ``kind`` is unknown, or ``margin_range_rad`` is set and ``counts`` is not given.
    """
    name = "head_arc_margin"  # Keras 3 does not accept the original notebook's 'head/arc_margin'
    if settings.kind == "softmax":
        return LinearHead(classes, name=name, dtype="float32")
    if settings.kind != "arcface":
        raise ValueError(f"HeadSettings.kind = {settings.kind!r}; write one of {', '.join(HEADS)}")
    margins = None
    if settings.margin_range_rad:
        if counts is None:
            raise ValueError("HeadSettings.margin_range_rad needs the images of each class; pass counts")
        margins = dynamic_margins(counts, settings.margin_range_rad).tolist()
    return ArcMarginProduct(
        classes,
        s=settings.scale,
        m=settings.margin_rad,
        easy_margin=settings.easy_margin,
        ls_eps=settings.label_smoothing,
        sub_centres=settings.sub_centres,
        margins=margins,
        name=name,
        dtype="float32",
    )


def dynamic_margins(counts: Sequence[int], margin_range_rad: tuple[float, float]) -> NDArray[np.float64]:
    """Return a margin for each class: ``a n^(-1/4) + b`` for n images, with a and b such that the range is covered.

    Parameters
    ----------
    counts : sequence of int
        Number of images of each class. A class without images is treated as if it had one.
    margin_range_rad : pair of float
        The margin of the class with the most images, and that of the class with the fewest. If all classes have the
        same number of images, each gets the mean of the two.

    Returns
    -------
    ndarray, float64, shape (classes,)
        In radians.

    References
    ----------
    Ha et al., Google Landmark Recognition 2020 Competition Third Place Solution, https://arxiv.org/abs/2010.05350
    """
    lowest, highest = margin_range_rad
    rarity = np.maximum(np.asarray(counts, np.float64), 1) ** -0.25
    spread = np.ptp(rarity)
    share = (rarity - rarity.min()) / spread if spread else np.full(rarity.shape, 0.5)
    margins: NDArray[np.float64] = lowest + (highest - lowest) * share
    return margins


def sampled_classes(labels: Any, seed: Any, *, classes: int, sampled: int) -> Any:
    """Sample the classes of one training step (Partial FC): those of its images, and others without replacement.

    Parameters
    ----------
    labels : tensor, int32, shape (batch,)
        Labels of the whole batch over all devices, because the sample must be the same on each device.
    seed : tensor, int32, shape (2,)
        The result is deterministic for a seed.
    classes : int
        Total number of classes.
    sampled : int
        Number of classes to return; at least the number of classes in the batch.

    Returns
    -------
    tensor, int32, shape (sampled,)
        Sorted class indices.

    References
    ----------
    An et al., Killing Two Birds with One Stone: Efficient and Robust Training of Face Recognition CNNs by Partial FC,
    https://arxiv.org/abs/2203.15565
    """
    draw = tf.random.stateless_uniform((classes,), seed)
    shown = tf.tensor_scatter_nd_update(draw, labels[:, tf.newaxis], tf.ones_like(labels, tf.float32) * 2.0)
    return tf.sort(tf.math.top_k(shown, sampled).indices)


def _sine(cosine: Any) -> Any:
    # A float32 cosine may exceed 1 by rounding. The square root is then NaN, and its slope at 0 is infinite. The inner
    # where keeps both out of the gradient.
    squared = 1.0 - tf.square(cosine)
    inside = squared > 0
    return tf.where(inside, tf.sqrt(tf.where(inside, squared, 1.0)), 0.0)
