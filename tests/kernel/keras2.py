"""Run as a script, under Keras 2: write weights of the original notebook's network, and what it embeds.

    python keras2.py BACKBONE EMBEDDING CLASSES PX FOLDER

Reads given.h5 of the folder; writes weights.h5, with weights of its own, and the embeddings with both.
"""

import os
import sys
from pathlib import Path

os.environ["TF_USE_LEGACY_KERAS"] = "1"

import efficientnet.tfkeras as efficientnet
import numpy as np
import tensorflow as tf

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.kernel.tiny import efficientnet_tiny

layers = tf.keras.layers


class ArcMargin(layers.Layer):
    """The head's matrix, under its name in Keras 2; what it computes does not matter to the file."""

    def build(self, shapes):
        self.W = self.add_weight(name="W", shape=(shapes[0][-1], CLASSES))

    def call(self, inputs):
        return tf.matmul(inputs[0], self.W)


def network(backbone, embedding, px):
    image, label = layers.Input((px, px, 3), name="inp1"), layers.Input((), name="inp2")
    build = efficientnet_tiny if backbone == "tiny" else getattr(efficientnet, backbone)
    pooled = layers.GlobalAveragePooling2D()(build(weights=None, include_top=False)(image))
    embedded = layers.Dense(embedding)(layers.Dropout(0.3)(pooled))
    logits = ArcMargin(name="head/arc_margin", dtype="float32")([embedded, label])
    return tf.keras.Model([image, label], layers.Softmax(dtype="float32")(logits)), tf.keras.Model(image, embedded)


def disturb(model, rng):
    """Leave no weight at its initial value, and give embeddings the spread of trained ones."""
    model.set_weights([value + rng.uniform(-0.02, 0.02, value.shape) for value in model.get_weights()])
    dense = next(layer for layer in model.layers if isinstance(layer, layers.Dense))
    dense.set_weights([6 * value for value in dense.get_weights()])


if __name__ == "__main__":
    backbone, embedding, CLASSES, px, folder = sys.argv[1], *map(int, sys.argv[2:5]), Path(sys.argv[5])
    rng = np.random.default_rng(4)
    tf.keras.utils.set_random_seed(4)
    model, encoder = network(backbone, embedding, px)
    images = rng.random((3, px, px, 3), np.float32)
    model.load_weights(folder / "given.h5")
    of_given = encoder(images).numpy()
    disturb(model, rng)
    model.save_weights(folder / "weights.h5")
    np.savez(folder / "expected.npz", images=images, of_given=of_given, of_own=encoder(images).numpy())
