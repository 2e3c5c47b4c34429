"""One training step: gradients over all devices, clipping, and the Adam update."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tensorflow import keras

from landmarks.errors import WrongCheckpoint
from landmarks.heads import ClassMatrix, sampled_classes
from landmarks.network import classifier, embedding_model
from landmarks.settings import NetworkSettings
from landmarks.training import devices
from landmarks.training.settings import TrainingSettings

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-7
FIRST_LOSS_SCALE, STEPS_TO_DOUBLE = 2.0**15, 2000

SUM = tf.distribute.ReduceOp.SUM


class Adam:
    """The Adam optimizer with Keras's constants, implemented with TensorFlow's fused operation.

    It expects gradients that are summed over all devices. Keras's optimizer clips the gradients of each device before
    it sums them, so that a step depends on the number of devices. It also needs a dozen operations per variable.

    Parameters
    ----------
    variables : sequence of tf.Variable
        The variables to optimise.

    References
    ----------
    Kingma and Ba, Adam: A Method for Stochastic Optimization, https://arxiv.org/abs/1412.6980
    """

    def __init__(self, variables: Sequence[Any]) -> None:
        self._variables = variables
        self.count = tf.Variable(0, dtype=tf.int64, trainable=False)
        self.means = [tf.Variable(tf.zeros_like(variable), trainable=False) for variable in variables]
        self.squares = [tf.Variable(tf.zeros_like(variable), trainable=False) for variable in variables]

    def apply(self, gradients: Sequence[Any], rate: Any) -> None:
        """Update the variables on this device."""
        count = tf.cast(self.count.assign_add(1), tf.float32)
        for variable, mean, square, gradient in zip(self._variables, self.means, self.squares, gradients, strict=True):
            tf.raw_ops.ResourceApplyAdam(
                var=variable.handle,
                m=mean.handle,
                v=square.handle,
                beta1_power=tf.pow(BETA_1, count),
                beta2_power=tf.pow(BETA_2, count),
                lr=rate,
                beta1=BETA_1,
                beta2=BETA_2,
                epsilon=EPSILON,
                grad=gradient,
            )


class LossScale:
    """Dynamic loss scaling, which prevents small float16 gradients from becoming 0.

    The scale is halved if gradients overflow, and doubled after `STEPS_TO_DOUBLE` steps without an overflow.

    References
    ----------
    Micikevicius et al., Mixed Precision Training, https://arxiv.org/abs/1710.03740
    """

    def __init__(self) -> None:
        self.value = tf.Variable(FIRST_LOSS_SCALE, trainable=False)
        self.steps = tf.Variable(0, trainable=False)

    def update(self, finite: Any) -> None:
        """Update the scale after a step, given whether its gradients were finite."""
        steps = tf.where(finite, self.steps + 1, 0)
        grown = tf.where(steps == STEPS_TO_DOUBLE, self.value * 2.0, self.value)
        self.value.assign(tf.where(finite, grown, self.value / 2.0))
        self.steps.assign(tf.where(steps == STEPS_TO_DOUBLE, 0, steps))


class Learner:
    """A network during training, with its optimizer and everything else that a step changes.

    Batch normalisation uses the statistics of the whole batch over all devices. Those of the 8 images per device would
    be too noisy, and a step would depend on the number of devices. Dropout is independent on each device.

    Parameters
    ----------
    network : NetworkSettings
        What is trained, from random weights.
    training : TrainingSettings
        How.
    counts : sequence of int
        Images of each class.
    policy : str
        The Keras policy of its layers; the weights are float32.
    """

    def __init__(
        self, network: NetworkSettings, training: TrainingSettings, counts: Sequence[int], policy: str
    ) -> None:
        keras.utils.set_random_seed(training.seed)
        self._network, self._training = network, training
        self.strategy = devices.strategy()
        with self.strategy.scope(), devices.dtype_policy_scope(policy):
            self.model = classifier(network, counts=counts, any_size=True)
            prepare_layers(self.model, training, synchronized=self.strategy.num_replicas_in_sync > 1)
            self._trained = [variable.value for variable in self.model.trainable_variables]
            self._adam = Adam(self._trained)
            self._scale = LossScale() if policy == "mixed_float16" else None
        self._embedder = embedding_model(self.model)
        (self._head,) = (layer for layer in self.model.layers if isinstance(layer, ClassMatrix))
        signature = [tf.TensorSpec((None, None, None, 3), tf.float32)]
        self._forward = tf.function(self._embedded, input_signature=signature, autograph=False)

    @property
    def variables(self) -> list[Any]:
        """All variables that the next step depends on: of the model (with random generators) and of the optimizer."""
        scale = [self._scale.value, self._scale.steps] if self._scale else []
        adam = [self._adam.count, *self._adam.means, *self._adam.squares]
        return [*(variable.value for variable in self.model.variables), *adam, *scale]

    @property
    def skips_overflow(self) -> bool:
        """Whether a step with infinite gradients is skipped, as loss scaling requires."""
        return self._scale is not None

    def values(self) -> list[NDArray[Any]]:
        """Return the values of all `variables`."""
        return [variable.numpy() for variable in self.variables]

    def weights(self) -> list[NDArray[Any]]:
        """Return the values of the model's own variables."""
        return [variable.numpy() for variable in self.model.variables]

    def restore(self, values: Sequence[NDArray[Any]]) -> None:
        """Assign values that `values` or `weights` returned.

        Raises
        ------
        WrongCheckpoint
            If the number of values or a shape differs.
        """
        variables = self.variables if len(values) != len(self.model.variables) else self.variables[: len(values)]
        if len(values) != len(variables):
            raise WrongCheckpoint(f"{len(values)} variables in the checkpoint, {len(variables)} in the network")
        problems = [
            f"{variable.name}: shape {value.shape} in the checkpoint, {tuple(variable.shape)} in the network"
            for variable, value in zip(variables, values, strict=True)
            if value.shape != tuple(variable.shape)
        ]
        if problems:
            raise WrongCheckpoint("\n".join(problems))
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)

    def embed(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return embeddings, float32 of shape (n, embedding), of images of any size, computed as at inference."""
        vectors: NDArray[np.float32] = self._forward(images).numpy()
        return vectors

    def step(self) -> Any:
        """Return the function that takes a training step. It is compiled at its first call, for one image size.

        Its parameters are an iterator over batches and the learning rate, a float32 tensor. It returns the mean loss
        over the images of all devices and the global norm of the gradients, both before the update.
        """

        def step(batches: Any, rate: Any) -> tuple[Any, Any]:
            accumulated = [next(batches)[0] for _ in range(self._training.accumulate)]
            losses, norms = self.strategy.run(self._replica_step, args=(accumulated, rate))
            local = self.strategy.experimental_local_results
            return local(losses)[0], local(norms)[0]

        return tf.function(step, autograph=False)

    def _replica_step(self, batches: Sequence[tuple[Any, Any]], rate: Any) -> tuple[Any, Any]:
        all_reduce = tf.distribute.get_replica_context().all_reduce
        images = all_reduce(SUM, tf.cast(sum(tf.shape(labels)[0] for _, labels in batches), tf.float32))
        parts = [self._gradients(batch, index, images) for index, batch in enumerate(batches)]
        loss = all_reduce(SUM, tf.add_n([loss for loss, _ in parts]))
        sums = all_reduce(
            SUM, [tf.add_n(of_variable) for of_variable in zip(*(part for _, part in parts), strict=True)]
        )
        scale = self._scale.value if self._scale else 1.0
        norm = tf.linalg.global_norm(sums) / scale
        finite = tf.math.is_finite(norm)
        clip = self._training.clip_norm
        factor = (1.0 if clip is None else tf.minimum(1.0, clip / norm)) / scale
        # A step with gradients that are not finite must not change the variables: in float16, overflows are expected.
        gradients = [tf.math.multiply_no_nan(total, tf.where(finite, factor, 0.0)) for total in sums]
        self._adam.apply(gradients, tf.where(finite, rate, 0.0))
        if self._scale:
            self._scale.update(finite)
        return loss, norm

    def _gradients(self, batch: tuple[Any, Any], index: int, images: Any) -> tuple[Any, list[Any]]:
        """Return a batch's share of the mean loss, and the gradients of that share times the loss scale."""
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(self._losses(*batch, index)) / images
            scaled = loss * self._scale.value if self._scale else loss
        return loss, tape.gradient(scaled, self._trained)

    def _losses(self, images: Any, labels: Any, index: int) -> Any:
        """Return the cross-entropy of each image, shape (batch,)."""
        embeddings = tf.cast(self._embedder(images, training=True), tf.float32)
        labels, classes = self._sampled(tf.cast(labels, tf.int32), index)
        logits = self._head.logits(embeddings, labels, classes)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
        smoothing = self._training.label_smoothing
        if not smoothing:
            return losses
        uniform = tf.reduce_logsumexp(logits, axis=1) - tf.reduce_mean(logits, axis=1)
        return (1.0 - smoothing) * losses + smoothing * uniform

    def _sampled(self, labels: Any, index: int) -> tuple[Any, Any]:
        sampled = self._network.head.sampled_classes
        if sampled is None or sampled >= self._network.classes:
            return labels, None
        shown = tf.distribute.get_replica_context().all_gather(labels, axis=0)
        draw = tf.cast(self._adam.count, tf.int32) * self._training.accumulate + index
        seed = tf.stack([self._training.seed, draw])
        classes = sampled_classes(shown, seed, classes=self._network.classes, sampled=sampled)
        return tf.searchsorted(classes, labels), classes

    def _embedded(self, images: Any) -> Any:
        return tf.cast(self._embedder(images, training=False), tf.float32)


def prepare_layers(model: Any, training: TrainingSettings, *, synchronized: bool = False) -> None:
    """Apply the settings of batch normalisation and stochastic depth to all layers of a model, nested ones too."""
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = training.normalisation_momentum
            layer.synchronized = synchronized
        elif isinstance(layer, keras.layers.Dropout) and layer.noise_shape is not None:
            layer.rate *= training.branch_dropout
        elif isinstance(layer, keras.Model):
            prepare_layers(layer, training, synchronized=synchronized)
