"""Heads: what the embedding is trained against, one vector or a few per class.

A head exists for training alone. Retrieval compares the embeddings in front of it.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tensorflow import keras

from landmarks.settings import HeadSettings

HEADS = ("arcface", "softmax")
"""The kinds of `HeadSettings`."""


class ClassMatrix(keras.layers.Layer):
    """Logits from one weight vector per class; what a head adds to that is its subclass's.

    Parameters
    ----------
    n_classes : int
        Classes: columns of the weight matrix ``W``, float32 of shape (embedding, n_classes).
    **kwargs : Any
        What every Keras layer takes.
    """

    def __init__(self, n_classes: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.n_classes = n_classes
        self.columns = n_classes

    def get_config(self) -> dict[str, Any]:
        """Return what rebuilds the layer."""
        return {**super().get_config(), "n_classes": self.n_classes}

    def build(self, input_shape: Any) -> None:
        """Create ``W`` for embeddings of the first input's width.

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
            Embeddings, float32 of shape (batch, embedding), and labels of shape (batch,), whole numbers below
            ``n_classes`` of any dtype.

        Returns
        -------
        tensor
            Logits, float32 of shape (batch, n_classes).
        """
        embeddings, labels = inputs
        return self.logits(embeddings, tf.cast(labels, tf.int32))

    def logits(self, embeddings: Any, labels: Any, classes: Any = None) -> Any:  # noqa: ARG002 - for those with margins
        """Return the logits of some classes.

        Parameters
        ----------
        embeddings : tensor, float32, shape (batch, embedding)
        labels : tensor, int32, shape (batch,)
            The place of each image's class in ``classes``.
        classes : tensor, int32, shape (n,), optional
            Without it, all classes.

        Returns
        -------
        tensor, float32, shape (batch, n)
        """
        return tf.matmul(embeddings, self.W if classes is None else tf.gather(self.W, classes, axis=1))


@keras.utils.register_keras_serializable(package="landmarks")
class LinearHead(ClassMatrix):
    """The plain softmax classifier, without margin, norm or bias: what the margins are compared with."""


@keras.utils.register_keras_serializable(package="landmarks")
class ArcMarginProduct(ClassMatrix):
    """Scaled cosines to the weight vectors of each class, the true class set back by an angular margin.

    Parameters
    ----------
    n_classes : int
        Classes; the weight matrix ``W``, float32 of shape (embedding, n_classes * sub_centres), holds the vectors of a
        class side by side.
    s : float
        Radius of the hypersphere: what the cosines are multiplied by.
    m : float
        Margin in radians that is added to the angle of the true class.
    easy_margin : bool
        Add the margin only where the cosine is positive; otherwise only where the angle stays below pi with it,
        and subtract ``m sin(pi - m)`` from the cosine elsewhere, which keeps it falling.
    ls_eps : float
        How much of the margin all classes share: the true class has ``1 - ls_eps`` of it, and each class
        ``ls_eps / n_classes``. The loss has a label smoothing of its own, ``TrainingSettings.label_smoothing``.
    sub_centres : int
        Vectors per class, of which the nearest counts (K of Deng et al. 2020): a class may have several looks.
    margins : sequence of float, optional
        A margin in radians for each class, instead of ``m``: see `dynamic_margins`.
    **kwargs : Any
        What every Keras layer takes.

    References
    ----------
    Deng et al., ArcFace: Additive Angular Margin Loss for Deep Face Recognition, https://arxiv.org/abs/1801.07698
    Deng et al., Sub-center ArcFace: Boosting Face Recognition by Large-Scale Noisy Web Faces, ECCV 2020
    """

    def __init__(  # noqa: PLR0913 - Keras rebuilds a layer from a flat list
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


def head(settings: HeadSettings, classes: int, counts: Sequence[int] | None = None) -> ClassMatrix:
    """Return the head of the settings.

    Parameters
    ----------
    settings : HeadSettings
    classes : int
        How many classes it tells apart.
    counts : sequence of int, optional
        Images of each class, where ``margin_range_rad`` gives each a margin of its own.

    Raises
    ------
    ValueError
        If ``kind`` names no head, or there are margins per class and no counts to make them from.
    """
    name = "head_arc_margin"  # the seed's 'head/arc_margin' is no name in Keras 3
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
    """Return a margin for each class: ``a n^(-1/4) + b`` for n images, so scaled that the range is used whole.

    Parameters
    ----------
    counts : sequence of int
        Images of each class; a class without any counts as one with one.
    margin_range_rad : pair of float
        The margin of the class with most images, and that of the class with fewest. Where all have equally many, each
        gets the mean of the two.

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
    """Return the classes that one step looks at: those of its images, and others drawn without replacement.

    Parameters
    ----------
    labels : tensor, int32, shape (batch,)
        Of the whole batch, over all devices: the draw must be the same on each.
    seed : tensor, int32, shape (2,)
        The same seed gives the same classes.
    classes : int
        All there are.
    sampled : int
        How many are returned, not fewer than the batch has.

    Returns
    -------
    tensor, int32, shape (sampled,)

    References
    ----------
    An et al., Killing Two Birds with One Stone: Efficient and Robust Training of Face Recognition CNNs by Partial FC,
    https://arxiv.org/abs/2203.15565
    """
    draw = tf.random.stateless_uniform((classes,), seed)
    shown = tf.tensor_scatter_nd_update(draw, labels[:, tf.newaxis], tf.ones_like(labels, tf.float32) * 2.0)
    return tf.sort(tf.math.top_k(shown, sampled).indices)


def _sine(cosine: Any) -> Any:
    # Rounding takes a float32 cosine past 1, where the root is NaN, and at 1 its
    # slope is infinite. The inner where keeps both out of the gradient too.
    squared = 1.0 - tf.square(cosine)
    inside = squared > 0
    return tf.where(inside, tf.sqrt(tf.where(inside, squared, 1.0)), 0.0)
