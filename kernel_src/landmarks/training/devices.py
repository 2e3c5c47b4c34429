"""What a training runs on: TPU, several GPUs, one, or none."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import tensorflow as tf
from tensorflow import keras

HALF_PRECISION_SINCE = (7, 0)
"""The compute capability from which a GPU multiplies float16 faster than float32."""


def strategy() -> Any:
    """Return how steps are spread over the devices of this machine.

    Several logical CPU devices count as devices too: nobody has them by chance, and several GPUs are tried with them.
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
    """Return the Keras policy that is fastest here: mixed where the device has arithmetic for it."""
    if tf.config.list_physical_devices("TPU"):
        return "mixed_bfloat16"
    gpus = [tf.config.experimental.get_device_details(gpu) for gpu in tf.config.list_physical_devices("GPU")]
    if gpus and all(gpu.get("compute_capability", (0, 0)) >= HALF_PRECISION_SINCE for gpu in gpus):
        return "mixed_float16"
    return "float32"


@contextmanager
def layers_of(policy: str) -> Iterator[None]:
    """Build the layers of the block under a Keras policy."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def repeat_exactly() -> None:
    """Have two runs agree to the bit where there are only CPUs.

    Not elsewhere: there it costs speed, and operations without an exact version fail.
    """
    if not tf.config.list_physical_devices("GPU") and not tf.config.list_physical_devices("TPU"):
        tf.config.experimental.enable_op_determinism()
