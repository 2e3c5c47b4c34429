"""Devices and numeric precision of training: TPU, one or several GPUs, or CPU."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import tensorflow as tf
from tensorflow import keras

HALF_PRECISION_SINCE = (7, 0)
"""The minimum compute capability of GPUs on which float16 is faster than float32."""


def strategy() -> Any:
    """Return the distribution strategy for the devices of this machine.

    Several logical CPU devices count as devices, too. They exist only if they are configured explicitly, as in tests of
    the multi-GPU code.
    """
    if tf.config.list_physical_devices("TPU"):
        resolver = tf.distribute.cluster_resolver.TPUClusterResolver(tpu="local")
        tf.tpu.experimental.initialize_tpu_system(resolver)
        return tf.distribute.TPUStrategy(resolver)
    devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    if len(devices) > 1:
        return tf.distribute.MirroredStrategy([device.name for device in devices])
    return tf.distribute.get_strategy()


def precision() -> str:
    """Return the fastest Keras dtype policy: mixed precision if the device supports it in hardware."""
    if tf.config.list_physical_devices("TPU"):
        return "mixed_bfloat16"
    gpus = [tf.config.experimental.get_device_details(gpu) for gpu in tf.config.list_physical_devices("GPU")]
    if gpus and all(gpu.get("compute_capability", (0, 0)) >= HALF_PRECISION_SINCE for gpu in gpus):
        return "mixed_float16"
    return "float32"


@contextmanager
def dtype_policy_scope(policy: str) -> Iterator[None]:
    """Set the Keras dtype policy for layers that are created in the block."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def enable_determinism() -> None:
    """Make results reproducible bit by bit, if there are only CPUs.

    On other devices, deterministic operations are slower, and operations without a deterministic version fail.
    """
    if not tf.config.list_physical_devices("GPU") and not tf.config.list_physical_devices("TPU"):
        tf.config.experimental.enable_op_determinism()
