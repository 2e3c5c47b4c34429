"""Run as a script, since TensorFlow's devices are set once per process: save the embeddings of some images.

python embed_on_devices.py DEVICES PRECISION FILE
"""

import sys

import numpy as np
import tensorflow as tf

from landmarks import network
from landmarks.replicas import Replicas
from landmarks.settings import NetworkSettings
from tests.kernel.tiny import efficientnet_tiny

if __name__ == "__main__":
    devices, precision, file = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * devices)
    network.BACKBONES["efficientnet-b0"] = efficientnet_tiny
    tf.keras.utils.set_random_seed(0)
    model = network.encoder(NetworkSettings(backbone="efficientnet-b0", input_px=32, embedding=8))
    embed = Replicas(model, lambda copy, images: copy(images, training=False), precision)
    images = np.random.default_rng(1).random((7, 32, 32, 3), np.float32)
    np.save(file, np.concatenate([embed(images), embed(images[:1])]))
