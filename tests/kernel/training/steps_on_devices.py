"""Run as a script, since TensorFlow's devices are set once per process: print the losses of some steps as JSON.

python steps_on_devices.py DEVICES POLICY SAMPLED_CLASSES ACCUMULATE
"""

import json
import sys

import numpy as np
import tensorflow as tf

from landmarks import network
from landmarks.settings import HeadSettings, NetworkSettings
from landmarks.training import TrainingSettings
from landmarks.training.steps import Learner
from tests.kernel.tiny import efficientnet_tiny

if __name__ == "__main__":
    devices, policy, sampled, accumulate = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]) or None, int(sys.argv[4])
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * devices)
    network.BACKBONES["efficientnet-b0"] = efficientnet_tiny
    settings = NetworkSettings(
        backbone="efficientnet-b0",
        input_px=32,
        classes=20,
        embedding=8,
        dropout=0.0,
        head=HeadSettings(scale=8.0, sub_centres=2, sampled_classes=sampled),
    )
    training = TrainingSettings(branch_dropout=0.0, accumulate=accumulate, label_smoothing=0.1)
    learner = Learner(settings, training, [3] * 20, policy)
    images, labels = np.random.default_rng(1).random((96, 32, 32, 3), np.float32), np.arange(96, dtype=np.int32) % 20
    dataset = tf.data.Dataset.from_tensor_slices(((images, labels), labels)).batch(8)
    step, batches = learner.step(), iter(learner.strategy.experimental_distribute_dataset(dataset))
    losses = [float(step(batches, tf.constant(1e-4))[0]) for _ in range(12 // accumulate)]
    traces = step.experimental_get_tracing_count()
    replicas = learner.strategy.num_replicas_in_sync
    sys.stdout.write(json.dumps({"devices": replicas, "traces": traces, "losses": losses}) + "\n")
